// Elements: looking into them, building them, and writing them out.
#include "bridges/xmpp/element.h"

#include "broker/service/unicode.h"

namespace parley::xmpp {

namespace {

const std::string nothing;

bool allowed(char32_t c) {
    return c == 0x9 || c == 0xA || c == 0xD || (c >= 0x20 && c < 0xD800) || (c > 0xDFFF && c < 0xFFFE) || c > 0xFFFF;
}

void escape(std::string& out, std::string_view text, bool attribute) {
    for (const char c : clean(text)) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&apos;"; break;
            case '\r': out += "&#13;"; break;
            // In an attribute these would be read as spaces.
            case '\n': out += attribute ? "&#10;" : "\n"; break;
            case '\t': out += attribute ? "&#9;" : "\t"; break;
            default: out += c;
        }
    }
}

void write(std::string& out, const Element& e) {
    out += '<' + e.name;
    if (!e.ns.empty()) {
        out += " xmlns='";
        escape(out, e.ns, true);
        out += '\'';
    }
    for (const auto& [key, value] : e.attributes) {
        out += ' ' + key + "='";
        escape(out, value, true);
        out += '\'';
    }
    if (e.text.empty() && e.children.empty()) {
        out += "/>";
        return;
    }
    out += '>';
    escape(out, e.text, false);
    for (const auto& child : e.children) write(out, child);
    out += "</" + e.name + '>';
}

}  // namespace

const std::string& Element::operator[](std::string_view attribute) const {
    for (const auto& [key, value] : attributes)
        if (key == attribute) return value;
    return nothing;
}

const Element* Element::child(std::string_view child_name, std::string_view child_ns) const {
    for (const auto& c : children)
        if (c.name == child_name && (child_ns.empty() || c.ns == child_ns)) return &c;
    return nullptr;
}

const std::string& Element::child_text(std::string_view child_name, std::string_view child_ns) const {
    const auto* found = child(child_name, child_ns);
    return found ? found->text : nothing;
}

Element& Element::set(std::string key, std::string value) {
    attributes.emplace_back(std::move(key), std::move(value));
    return *this;
}

Element& Element::add(Element child_element) {
    children.push_back(std::move(child_element));
    return *this;
}

Element& Element::say(std::string words) {
    text += words;
    return *this;
}

Element element(std::string name, std::string ns) {
    Element out;
    out.name = std::move(name);
    out.ns = std::move(ns);
    return out;
}

std::string to_xml(const Element& element) {
    std::string out;
    write(out, element);
    return out;
}

std::string clean(std::string_view bytes) {
    const auto text = service::unicode::repaired(bytes);
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto [c, next] = service::unicode::decode(text, at);
        if (allowed(c))
            out.append(text, at, next - at);
        else
            out += "\xEF\xBF\xBD";
        at = next;
    }
    return out;
}

}  // namespace parley::xmpp
