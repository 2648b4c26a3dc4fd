#include "web/pages/html.h"

#include "broker/service/invariant.h"
#include "broker/service/unicode.h"

namespace parley::pages {

Html escaped(std::string_view text) {
    Html out;
    const auto valid = service::unicode::repaired(text);
    for (const char c : valid) {
        switch (c) {
            case '&':
                out.text_ += "&amp;";
                break;
            case '<':
                out.text_ += "&lt;";
                break;
            case '>':
                out.text_ += "&gt;";
                break;
            case '"':
                out.text_ += "&quot;";
                break;
            case '\'':
                out.text_ += "&#39;";
                break;
            // HTML has no way to say most control characters; they are shown as what they are.
            default:
                if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
                    out.text_ += "\xEF\xBF\xBD";
                else
                    out.text_ += c;
        }
    }
    return out;
}

Html trusted(std::string markup) {
    Html out;
    out.text_ = std::move(markup);
    return out;
}

Html markup(std::string_view form, std::initializer_list<Piece> pieces) {
    std::string out;
    const auto* next = pieces.begin();
    while (true) {
        const auto hole = form.find("{}");
        out += form.substr(0, hole);
        if (hole == std::string_view::npos) break;
        service::invariant(next != pieces.end(), "markup has more holes than pieces");
        out += next->html.text();
        ++next;
        form.remove_prefix(hole + 2);
    }
    service::invariant(next == pieces.end(), "markup has more pieces than holes");
    return trusted(std::move(out));
}

}  // namespace parley::pages
