// See query_language.h. Recursive descent; depth and number of terms are bounded, so hostile text ends early.
#include "indexer/search/query_language.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "broker/service/nearest.h"
#include "broker/service/unicode.h"
#include "indexer/search/tokenizer.h"

namespace parley::search {
namespace {

using service::Code;
using service::Result;
using service::Time;
using Kind = Node::Kind;

bool space(char c) { return static_cast<unsigned char>(c) <= ' '; }

std::optional<std::chrono::seconds> span_of(std::string_view text) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || count <= 0 || count > 100000) return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    if (unit == "s") return std::chrono::seconds(count);
    if (unit == "m" || unit == "min") return std::chrono::minutes(count);
    if (unit == "h") return std::chrono::hours(count);
    if (unit == "d") return std::chrono::days(count);
    if (unit == "w") return std::chrono::weeks(count);
    return std::nullopt;
}

class Parser {
public:
    Parser(std::string_view text, Time now, std::vector<std::string>* hints) : text_(text), now_(now), hints_(hints) {}

    Result<Node> run() {
        if (text_.size() > query_bytes_max) {
            return fail_at(query_bytes_max, Code::limit, "the query is longer than " + std::to_string(query_bytes_max) + " bytes", "ask for less at once");
        }
        skip();
        if (at_ == text_.size()) return Node{};
        auto node = either(0);
        if (!node) return node;
        if (at_ < text_.size()) return fail_at(at_, Code::invalid, "this ) closes nothing", "remove it, or add a ( before");
        return node;
    }

private:
    std::string place(std::size_t at) const {
        std::size_t character = 1;
        for (std::size_t i = 0; i < at && i < text_.size(); ++i) character += (static_cast<unsigned char>(text_[i]) & 0xc0U) != 0x80U;
        return "at character " + std::to_string(character) + " of the query: ";
    }
    tl::unexpected<service::Error> fail_at(std::size_t at, Code code, const std::string& what, std::string hint) const {
        return service::fail(code, place(at) + what, std::move(hint));
    }
    void skip() {
        while (at_ < text_.size() && space(text_[at_])) ++at_;
    }
    bool at_or() const {
        return text_.substr(at_, 2) == "OR" && (at_ + 2 == text_.size() || space(text_[at_ + 2]) || text_[at_ + 2] == '(');
    }

    Result<Node> either(std::size_t depth) {
        if (depth > query_depth_max) {
            return fail_at(at_, Code::limit, "more than " + std::to_string(query_depth_max) + " parentheses within one another", "use fewer");
        }
        Node out{.kind = Kind::any_of};
        for (;;) {
            auto branch = every(depth);
            if (!branch) return branch;
            out.children.push_back(std::move(*branch));
            if (!at_or()) break;
            at_ += 2;
            skip();
        }
        return out.children.size() == 1 ? std::move(out.children.front()) : std::move(out);
    }

    Result<Node> every(std::size_t depth) {
        Node out{.kind = Kind::all_of};
        while (at_ < text_.size() && text_[at_] != ')' && !at_or()) {
            auto node = one(depth);
            if (!node) return node;
            if (node->kind != Kind::everything) out.children.push_back(std::move(*node));
            skip();
        }
        if (out.children.empty()) {
            if (at_ < text_.size() && text_[at_] == ')' && depth == 0) return fail_at(at_, Code::invalid, "this ) closes nothing", "remove it, or add a ( before");
            return fail_at(at_, Code::invalid, "something to look for is missing here", "write a word; put OR between two of them");
        }
        return out.children.size() == 1 ? std::move(out.children.front()) : std::move(out);
    }

    Result<Node> one(std::size_t depth) {
        if (text_[at_] == '-' && at_ + 1 < text_.size() && !space(text_[at_ + 1]) && text_[at_ + 1] != '-' && text_[at_ + 1] != '>') {
            ++at_;
            auto node = one(depth);
            if (!node || node->kind == Kind::everything) return node;
            Node out{.kind = Kind::none_of};
            out.children.push_back(std::move(*node));
            return out;
        }
        if (text_[at_] == '(') {
            const auto opened = at_++;
            skip();
            auto node = either(depth + 1);
            if (!node) return node;
            if (at_ >= text_.size()) return fail_at(opened, Code::invalid, "this ( is never closed", "add a )");
            ++at_;
            return node;
        }
        if (text_[at_] == '"') return phrase();
        return chunk();
    }

    Result<Node> count(std::size_t at, Node node) {
        terms_ += std::max<std::size_t>(1, node.terms.size());
        if (terms_ <= query_terms_max) return node;
        return fail_at(at, Code::limit, "more than " + std::to_string(query_terms_max) + " words and fields", "ask for less at once");
    }

    Result<Node> phrase() {
        const auto opened = at_++;
        const auto closed = text_.find('"', at_);
        if (closed == std::string_view::npos) return fail_at(opened, Code::invalid, "this \" is never closed", "add a \" where the phrase ends");
        Node node{.kind = Kind::phrase};
        for (auto& word : words(text_.substr(at_, closed - at_))) node.terms.push_back(std::move(word.folded));
        at_ = closed + 1;
        if (node.terms.empty()) return Node{};
        if (node.terms.size() == 1) node.kind = Kind::token, node.text = node.terms.front();  // "disk": this form only
        return count(opened, std::move(node));
    }

    // A field, a prefix, a word or a whole token.
    Result<Node> chunk() {
        const auto begin = at_;
        for (std::size_t open = 0; at_ < text_.size() && !space(text_[at_]) && text_[at_] != '"'; ++at_) {  // main() is one token
            if (text_[at_] == '(') ++open;
            if (text_[at_] == ')' && open-- == 0) break;
        }
        const auto raw = text_.substr(begin, at_ - begin);
        const auto colon = raw.find(':');
        if (colon != std::string_view::npos && colon > 0) {
            const auto name = fold(raw.substr(0, colon));
            if (const auto* row = find_field(name)) return field(*row, begin, begin + colon + 1);
            if (auto wrong = mistaken_field(name, raw.substr(colon + 1), begin)) return service::fail(std::move(*wrong));
        }
        if (raw.size() > 1 && raw.back() == '*') return prefix(raw.substr(0, raw.size() - 1), begin);
        return word(raw, begin);
    }

    // "form:alice" is a slip; "bogus:x" may be text, and is looked for as that, with a hint. "10.0.0.1:80", "host:80",
    // "std::map" and "https://…" are tokens.
    std::optional<service::Error> mistaken_field(const std::string& name, std::string_view value, std::size_t begin) const {
        if (name.size() < 3 || value.empty() || value.front() == ':' || value.front() == '/') return std::nullopt;
        if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; })) return std::nullopt;
        std::vector<std::string> names;
        std::string all;
        for (const auto& row : fields()) {
            names.emplace_back(row.name);
            all += " " + names.back() + ":";
        }
        const auto near = service::nearest(name, names, 1);
        if (!near.empty()) return fail_at(begin, Code::invalid, "there is no field " + name + ":", "did you mean " + near.front() + ":? To look for the text, put it in \"quotes\"").value();
        const bool port = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (hints_ != nullptr && !port) hints_->push_back(place(begin) + "there is no field " + name + ":, so it was looked for as text; the fields are" + all);
        return std::nullopt;
    }

    // A word that no document can have there would find nothing, and nobody would know why.
    Result<Node> known_value(const FieldRow& row, std::string value, std::size_t value_at) const {
        if (std::find(row.values.begin(), row.values.end(), value) != row.values.end() || row.values.empty()) return Node{.kind = Kind::field, .text = std::move(value), .field = row.field};
        std::vector<std::string> names(row.values.begin(), row.values.end());
        const auto near = service::nearest(value, names, 1);
        std::string all;
        for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
        return fail_at(value_at, Code::invalid, "there is no " + std::string(row.name) + " \"" + value + "\"", near.empty() ? "use one of: " + all : "did you mean " + std::string(row.name) + ":" + near.front() + "? There are: " + all);
    }

    Result<Node> prefix(std::string_view stem, std::size_t begin) {
        const auto parts = words(stem);
        if (parts.size() != 1 || parts.front().begin != 0 || parts.front().end != stem.size()) {
            return fail_at(begin, Code::invalid, "* may only follow a plain word", "write the beginning of one word, as in config*");
        }
        if (service::unicode::code_points(stem) < wildcard_letters_min) {
            return fail_at(begin, Code::limit, "too few letters before *", "write at least " + std::to_string(wildcard_letters_min));
        }
        if (++wildcards_ > query_wildcards_max) {
            return fail_at(begin, Code::limit, "more than " + std::to_string(query_wildcards_max) + " words with *", "use fewer");
        }
        return count(begin, {.kind = Kind::prefix, .terms = {parts.front().folded}});
    }

    Result<Node> word(std::string_view raw, std::size_t begin) {
        const auto parts = words(raw);
        Node node{.kind = Kind::token, .text = whole_token(raw)};
        for (const auto& part : parts) node.terms.push_back(part.folded);
        if (parts.size() == 1 && node.text == parts.front().folded) node.kind = Kind::word;
        const bool plain = std::all_of(raw.begin(), raw.end(), [](char c) { return std::string_view("-.,;!?:'\"").find(c) != std::string_view::npos; });
        if (parts.empty() && plain) return Node{};  // a dash between words asks for nothing
        return count(begin, std::move(node));
    }

    Result<Node> field(const FieldRow& row, std::size_t begin, std::size_t value_at) {
        std::string_view value = text_.substr(value_at, at_ - value_at);
        if (value.empty() && at_ < text_.size() && text_[at_] == '"') {
            const auto closed = text_.find('"', at_ + 1);
            if (closed == std::string_view::npos) return fail_at(at_, Code::invalid, "this \" is never closed", "add a \" where the value ends");
            value = text_.substr(at_ + 1, closed - at_ - 1);
            at_ = closed + 1;
        }
        if (value.empty()) return fail_at(value_at, Code::invalid, std::string(row.name) + ": has no value", "as in " + std::string(row.example) + ", without a space");
        if (!row.prefix.empty()) {
            auto node = known_value(row, fold(value), value_at);
            return node ? count(begin, std::move(*node)) : node;
        }
        auto node = time(row, value, value_at);
        return node ? count(begin, std::move(*node)) : node;
    }

    Result<Node> time(const FieldRow& row, std::string_view value, std::size_t value_at) {
        Node node{.kind = Kind::time, .field = row.field};
        if (row.field == Field::last) {
            const auto span = span_of(value);
            if (!span) return fail_at(value_at, Code::invalid, "last: takes a number and a unit", "as in last:30min, last:2h, last:7d, last:4w");
            node.from = now_ - *span;
            return node;
        }
        auto when = service::parse_iso8601(value);
        if (value == "today") when = std::chrono::floor<std::chrono::days>(now_);
        if (value == "yesterday") when = std::chrono::floor<std::chrono::days>(now_) - std::chrono::days(1);
        if (!when) return fail_at(value_at, Code::invalid, std::string(row.name) + ": takes a day or a time", "as in " + std::string(row.example) + ", or today, or yesterday");
        if (row.field == Field::before) node.to = *when;
        if (row.field == Field::after) node.from = *when;
        if (row.field == Field::on) {
            node.from = std::chrono::floor<std::chrono::days>(*when);
            node.to = node.from + std::chrono::days(1);
        }
        return node;
    }

    std::string_view text_;
    Time now_;
    std::vector<std::string>* hints_;
    std::size_t at_ = 0, terms_ = 0, wildcards_ = 0;
};

std::string list_of(std::string_view name, const Node& node) {
    std::string out = "(" + std::string(name);
    for (const auto& child : node.children) out += " " + to_text(child);
    return out + ")";
}

std::string quoted(const Node& node) {
    std::string out;
    for (const auto& term : node.terms) out += (out.empty() ? "" : " ") + term;
    return "\"" + out + "\"";
}

}  // namespace

Result<Node> parse_query(std::string_view text, Time now, std::vector<std::string>* hints) {
    if (!service::unicode::valid(text)) return service::fail(Code::invalid, "at character 1 of the query: it is not valid UTF-8", "send it as UTF-8");
    return Parser(text, now, hints).run();
}

std::string to_text(const Node& node) {
    switch (node.kind) {
        case Kind::everything: return "*";
        case Kind::word: return node.terms.front();
        case Kind::token: return "(token " + node.text + ")";
        case Kind::phrase: return "(phrase " + quoted(node) + ")";
        case Kind::prefix: return node.terms.front() + "*";
        case Kind::field: return std::string(row_of(node.field).name) + ":" + node.text;
        case Kind::time: {
            const auto side = [](Time t) { return t == Time::min() || t == Time::max() ? std::string("..") : service::iso8601(t); };
            return "(time " + side(node.from) + " " + side(node.to) + ")";
        }
        case Kind::all_of: return list_of("all", node);
        case Kind::any_of: return list_of("any", node);
        case Kind::none_of: return list_of("none", node);
    }
    return {};
}

}  // namespace parley::search
