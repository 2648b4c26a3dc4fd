// Whatever is typed: the query language reads it or says where it is wrong, within its limits; and tokens keep theirs.
#include <algorithm>
#include <cstdint>

#include "broker/service/invariant.h"
#include "broker/service/unicode.h"
#include "indexer/search/query_language.h"
#include "indexer/search/tokenizer.h"

using namespace parley;

namespace {

std::size_t size_of(const search::Node& node) {
    std::size_t size = std::max<std::size_t>(1, node.terms.size());
    for (const auto& child : node.children) size += size_of(child);
    return size;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view raw(reinterpret_cast<const char*>(data), size);
    const auto query = search::parse_query(raw, service::Time(std::chrono::seconds(1'700'000'000)));
    if (query) service::invariant(size_of(*query) <= 4 * search::query_terms_max + 4 * search::query_bytes_max, "a query is not larger than its text allows");
    else service::invariant(query.error().what.starts_with("at character "), "an error names its place");
    const auto text = service::unicode::repaired(raw);
    for (const auto& term : search::terms(text)) service::invariant(!term.empty() && term.size() <= search::term_bytes_max, "a term keeps its limit");
    std::size_t at = 0;
    for (const auto& word : search::words(text)) {
        service::invariant(word.begin >= at && word.end > word.begin && word.end <= text.size(), "words come in order, inside the text");
        at = word.end;
    }
    return 0;
}
