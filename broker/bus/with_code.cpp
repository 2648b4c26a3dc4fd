#include "broker/bus/with_code.h"

namespace parley::bus {

Text with_code(std::string_view sentence) {
    Text out;
    while (!sentence.empty()) {
        const auto opens = sentence.find('`');
        const auto closes = opens == std::string_view::npos ? opens : sentence.find('`', opens + 1);
        if (closes == std::string_view::npos) break;
        out.plain += sentence.substr(0, opens);
        if (closes == opens + 1)
            out.plain += "``";
        else
            out.append(sentence.substr(opens + 1, closes - opens - 1), Span::Kind::code);
        sentence.remove_prefix(closes + 1);
    }
    out.plain += sentence;
    return out;
}

}  // namespace parley::bus
