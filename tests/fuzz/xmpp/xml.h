// XML as a peer of the bridge reads it, by expat: elements out of a stream, as the bridge's own connection makes them.
#pragma once

#include <expat.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

#include "bridges/xmpp/element.h"

namespace parley::fuzz {

// Gives each whole child of the stream's root to `stanza`; false if the stream is not well-formed up to its end.
class Stream {
public:
    explicit Stream(std::function<void(const xmpp::Element&)> stanza)
        : stanza_(std::move(stanza)), parser_(XML_ParserCreateNS(nullptr, '\xFF'), &XML_ParserFree) {
        XML_SetUserData(parser_.get(), this);
        XML_SetElementHandler(parser_.get(), &Stream::begin, &Stream::end);
        XML_SetCharacterDataHandler(parser_.get(), &Stream::text);
        feed("<stream xmlns='jabber:client'>");
    }
    bool feed(std::string_view bytes) { return XML_Parse(parser_.get(), bytes.data(), static_cast<int>(bytes.size()), 0) == XML_STATUS_OK; }

private:
    static constexpr std::size_t depth_max = 32;  // as in connection.cpp: what is deeper is left out

    static bool inside(std::size_t depth) { return depth > 0 && depth <= depth_max + 1; }  // 0: the stream itself
    static std::pair<std::string, std::string> split(std::string_view name) {
        const auto at = name.find('\xFF');
        if (at == std::string_view::npos) return {{}, std::string(name)};
        return {std::string(name.substr(0, at)), std::string(name.substr(at + 1))};
    }
    static void begin(void* self, const char* name, const char** attributes) {
        auto& stream = *static_cast<Stream*>(self);
        if (!inside(stream.depth_++)) return;
        xmpp::Element element;
        std::tie(element.ns, element.name) = split(name);
        for (; *attributes != nullptr; attributes += 2) {
            const auto key = split(attributes[0]).second;
            if (element[key].empty()) element.set(key, attributes[1]);
        }
        stream.open_.push_back(std::move(element));
    }
    static void end(void* self, const char*) {
        auto& stream = *static_cast<Stream*>(self);
        if (!inside(--stream.depth_)) return;
        auto done = std::move(stream.open_.back());
        stream.open_.pop_back();
        if (stream.open_.empty()) stream.stanza_(done);
        else stream.open_.back().children.push_back(std::move(done));
    }
    static void text(void* self, const char* bytes, int size) {
        auto& stream = *static_cast<Stream*>(self);
        if (stream.depth_ > 0 && inside(stream.depth_ - 1)) stream.open_.back().text.append(bytes, static_cast<std::size_t>(size));
    }

    std::function<void(const xmpp::Element&)> stanza_;
    std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser_;
    std::vector<xmpp::Element> open_;
    std::size_t depth_ = 0;
};

// One element, written and read again.
inline std::vector<xmpp::Element> read_again(const xmpp::Element& element, bool& good) {
    std::vector<xmpp::Element> out;
    Stream stream([&](const xmpp::Element& one) { out.push_back(one); });
    good = stream.feed(xmpp::to_xml(element));
    return out;
}

// The same elements: a namespace that is not said is the parent's; the order of attributes does not count.
inline bool same(const xmpp::Element& a, const xmpp::Element& b, std::string_view parent_ns = "jabber:client") {
    const auto ns = [&](const xmpp::Element& e) { return e.ns.empty() ? parent_ns : std::string_view(e.ns); };
    auto left = a.attributes, right = b.attributes;
    std::sort(left.begin(), left.end());
    std::sort(right.begin(), right.end());
    if (a.name != b.name || ns(a) != ns(b) || left != right || a.text != b.text || a.children.size() != b.children.size()) return false;
    for (std::size_t i = 0; i < a.children.size(); ++i)
        if (!same(a.children[i], b.children[i], ns(a))) return false;
    return true;
}

}  // namespace parley::fuzz
