// One XML element as this bridge sees it: small, owned, no library behind it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::xmpp {

struct Element {
    std::string name;
    std::string ns;    // empty: the same as the parent's
    std::vector<std::pair<std::string, std::string>> attributes;
    std::vector<Element> children;
    std::string text;  // all text directly inside, joined

    // The value, or an empty one.
    const std::string& operator[](std::string_view attribute) const;
    const Element* child(std::string_view child_name, std::string_view child_ns = {}) const;  // any namespace if empty
    const std::string& child_text(std::string_view child_name, std::string_view child_ns = {}) const;

    Element& set(std::string key, std::string value);
    Element& add(Element child_element);
    Element& say(std::string words);
};

Element element(std::string name, std::string ns = {});

// As text for the wire. What XML 1.0 cannot carry (control characters, broken UTF-8) is replaced.
std::string to_xml(const Element& element);
// Valid UTF-8 of characters that XML 1.0 allows; others become U+FFFD, which stays visible.
std::string clean(std::string_view text);

}  // namespace parley::xmpp
