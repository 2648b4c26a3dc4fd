// One write() and one read() for each kind of event, in the order of event.h. Within an array fields have a fixed order;
// a newer version appends. Nested arrays are read past what is known here.
#include "broker/bus/body_codec.h"

#include <algorithm>
#include <cstring>

#include "broker/service/unicode.h"

namespace parley::bus {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::int64_t first_microsecond = -62'135'596'800'000'000;  // the year 1
constexpr std::int64_t last_microsecond = 253'402'300'799'999'999;   // the end of 9999
constexpr std::int64_t days_in_ms = 86'400'000;

bool ascii(std::string_view s) {
    std::size_t at = 0;
    for (; at + 8 <= s.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, s.data() + at, 8);
        if ((word & 0x8080808080808080U) != 0) return false;
    }
    for (; at < s.size(); ++at)
        if ((static_cast<unsigned char>(s[at]) & 0x80) != 0) return false;
    return true;
}

template <class E>
E read_enum(Reader& in, E last) {
    return static_cast<E>(in.natural(static_cast<std::uint64_t>(last)));
}
std::uint32_t read_u32(Reader& in) { return static_cast<std::uint32_t>(in.natural(UINT32_MAX)); }

void write(Writer& w, const Text& text) {
    w.array(2).text(text.plain).array(text.spans.size());
    for (const auto& span : text.spans) {
        w.array(4).natural(static_cast<unsigned>(span.kind)).natural(span.begin).natural(span.length).text(span.value);
    }
}

// Spans of kinds that are not known here are left out: the words matter more than their dress.
Text read_rich(Reader& in) {
    const auto more = in.fields(2);
    Text text(read_text(in));
    const auto count = in.array();
    for (std::uint32_t i = 0; i < count && in.good(); ++i) {
        const auto span_more = in.fields(4);
        const auto kind = in.natural(UINT32_MAX);
        Span span{{}, read_u32(in), read_u32(in), read_text(in)};
        in.rest(span_more);
        if (kind < static_cast<unsigned>(Span::Kind::bold) || kind > static_cast<unsigned>(Span::Kind::colour)) continue;
        span.kind = static_cast<Span::Kind>(kind);
        text.spans.push_back(std::move(span));
    }
    in.rest(more);
    if (!text.spans.empty() && in.good()) text.normalise();
    return text;
}

void write(Writer& w, const Reference& reference) {
    w.array(2);
    write_id(w, reference.event);
    w.text(reference.native_id);
}
Reference read_reference(Reader& in) {
    const auto more = in.fields(2);
    Reference out{read_id(in), read_text(in)};
    in.rest(more);
    return out;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

void write(Writer& w, const Pairs& pairs) {
    w.array(pairs.size());
    for (const auto& [name, value] : pairs) w.array(2).text(name).text(value);
}
Pairs read_pairs(Reader& in) {
    Pairs out;
    const auto count = in.array();
    for (std::uint32_t i = 0; i < count && in.good(); ++i) {
        const auto more = in.fields(2);
        auto name = read_text(in);
        out.emplace_back(std::move(name), read_text(in));
        in.rest(more);
    }
    return out;
}

void write(Writer& w, const std::vector<std::string>& texts) {
    w.array(texts.size());
    for (const auto& text : texts) w.text(text);
}
std::vector<std::string> read_texts(Reader& in) {
    std::vector<std::string> out;
    const auto count = in.array();
    for (std::uint32_t i = 0; i < count && in.good(); ++i) out.push_back(read_text(in));
    return out;
}

void write(Writer& w, const Message& m) {
    write(w, m.text);
    w.natural(static_cast<unsigned>(m.style));
    write(w, m.reply_to);
    w.text(m.thread).array(m.attachments.size());
    for (const auto& a : m.attachments) w.array(4).text(a.name).text(a.mime).text(a.url).natural(a.size_bytes);
}
void read(Reader& in, Message& m) {
    m.text = read_rich(in);
    m.style = read_enum(in, Message::Style::notice);
    m.reply_to = read_reference(in);
    m.thread = read_text(in);
    const auto count = in.array();
    for (std::uint32_t i = 0; i < count && in.good(); ++i) {
        const auto more = in.fields(4);
        m.attachments.push_back({read_text(in), read_text(in), read_text(in), in.natural()});
        in.rest(more);
    }
}

void write(Writer& w, const Edit& e) {
    write(w, e.target);
    w.natural(e.revision);
    write(w, e.text);
}
void read(Reader& in, Edit& e) { e = {read_reference(in), read_u32(in), read_rich(in)}; }

void write(Writer& w, const Redaction& r) {
    write(w, r.target);
    w.text(r.reason);
}
void read(Reader& in, Redaction& r) { r = {read_reference(in), read_text(in)}; }

void write(Writer& w, const Reaction& r) {
    write(w, r.target);
    w.text(r.emoji).boolean(r.added);
}
void read(Reader& in, Reaction& r) { r = {read_reference(in), read_text(in), in.boolean()}; }

void write(Writer& w, const Membership& m) {
    w.natural(static_cast<unsigned>(m.change)).text(m.id).text(m.name).text(m.new_name).text(m.reason);
}
void read(Reader& in, Membership& m) {
    m = {read_enum(in, Membership::Change::present), read_text(in), read_text(in), read_text(in), read_text(in)};
}

void write(Writer& w, const Topic& t) { write(w, t.text); }
void read(Reader& in, Topic& t) { t.text = read_rich(in); }

void write(Writer& w, const Action& a) {
    w.array(10).natural(static_cast<unsigned>(a.kind));
    write(w, a.argv);
    w.text(a.directory);
    write(w, a.environment);
    w.integer(a.timeout.count()).natural(a.output_bytes_max).natural(a.room_lines_max).text(a.concurrency_key);
    w.natural(a.concurrency_max).boolean(a.idempotent);
}
void read(Reader& in, Action& a) {
    const auto more = in.fields(10);
    a.kind = read_enum(in, Action::Kind::exec);
    a.argv = read_texts(in);
    a.directory = read_text(in);
    a.environment = read_pairs(in);
    a.timeout = milliseconds(in.integer(0, 365 * days_in_ms));
    a.output_bytes_max = in.natural();
    a.room_lines_max = read_u32(in);
    a.concurrency_key = read_text(in);
    a.concurrency_max = read_u32(in);
    a.idempotent = in.boolean();
    in.rest(more);
}

void write(Writer& w, const CommandRequested& c) {
    write(w, c.asked_by);
    w.text(c.command).text(c.raw);
    write(w, c.arguments);
    write(w, c.action);
    w.text(c.rule);
}
void read(Reader& in, CommandRequested& c) {
    c.asked_by = read_reference(in);
    c.command = read_text(in);
    c.raw = read_text(in);
    c.arguments = read_pairs(in);
    read(in, c.action);
    c.rule = read_text(in);
}

void write(Writer& w, const RunStarted& r) {
    write_id(w, r.run);
    w.text(r.worker).natural(r.attempt);
}
void read(Reader& in, RunStarted& r) { r = {read_id(in), read_text(in), read_u32(in)}; }

void write(Writer& w, const RunOutput& r) {
    write_id(w, r.run);
    w.natural(r.ordinal).natural(static_cast<unsigned>(r.stream)).text(r.data);
    write(w, r.shown);
}
void read(Reader& in, RunOutput& r) {
    r = {read_id(in), in.natural(), read_enum(in, RunOutput::Stream::log), read_text(in), read_rich(in)};
}

void write(Writer& w, const RunFinished& r) {
    write_id(w, r.run);
    w.natural(static_cast<unsigned>(r.outcome));
    if (r.exit_code) w.integer(*r.exit_code);
    else w.nil();
    w.integer(r.took.count()).text(r.detail).natural(r.output_bytes).natural(r.output_lines).boolean(r.truncated);
    write(w, r.shown);
}
void read(Reader& in, RunFinished& r) {
    r.run = read_id(in);
    r.outcome = read_enum(in, Outcome::lost);
    if (in.next() == Type::nil) in.nil();
    else r.exit_code = static_cast<std::int32_t>(in.integer(INT32_MIN, INT32_MAX));
    r.took = microseconds(in.integer(0, last_microsecond));
    r.detail = read_text(in);
    r.output_bytes = in.natural();
    r.output_lines = in.natural();
    r.truncated = in.boolean();
    r.shown = read_rich(in);
}

void write(Writer& w, const Gap& g) {
    w.integer(g.from.time_since_epoch().count()).integer(g.to.time_since_epoch().count()).text(g.why);
}
void read(Reader& in, Gap& g) { g = {read_time(in), read_time(in), read_text(in)}; }

void write(Writer& w, const Receipt& r) {
    write_id(w, r.delivered);
    write(w, r.native_ids);
    w.text(r.refusal);
}
void read(Reader& in, Receipt& r) { r = {read_id(in), read_texts(in), read_text(in), {}, {}}; }

// Fields of a receipt that came later, in this order: absent where there is nothing to say, unless one behind it is there.
std::uint32_t later_fields(const Event& event) {
    const auto* receipt = std::get_if<Receipt>(&event.body);
    if (receipt == nullptr) return 0;
    const auto is_known = [](const Delivered& one) { return one.passage != Passage{}; };
    if (event.more_body_count > 0 || receipt->passage != Passage{} || std::any_of(receipt->others.begin(), receipt->others.end(), is_known)) return 2;
    return receipt->others.empty() ? 0 : 1;
}
void write_others(Writer& w, const Receipt& r) {
    w.array(r.others.size());
    for (const auto& other : r.others) {
        w.array(2);
        write_id(w, other.event);
        write(w, other.native_ids);
    }
}
void read_others(Reader& in, Receipt& r) {
    const auto count = in.array();
    for (std::uint32_t i = 0; i < count && in.good(); ++i) {
        const auto more = in.fields(2);
        r.others.push_back({read_id(in), read_texts(in), {}});
        in.rest(more);
    }
}
void write(Writer& w, const Passage& p) { w.array(3).natural(p.attempts).integer(p.waited.count()).integer(p.answered.count()); }
void write_passages(Writer& w, const Receipt& r) {
    w.array(1 + r.others.size());
    write(w, r.passage);
    for (const auto& other : r.others) write(w, other.passage);
}
void read_passages(Reader& in, Receipt& r) {
    const auto count = in.array();
    for (std::uint32_t i = 0; i < count && in.good(); ++i) {
        const auto more = in.fields(3);
        const Passage passage{read_u32(in), microseconds(in.integer(0, last_microsecond)), microseconds(in.integer(0, last_microsecond))};
        in.rest(more);
        if (i == 0) r.passage = passage;
        else if (i <= r.others.size()) r.others[i - 1].passage = passage;
        else in.refuse("there are more passages than deliveries");
    }
}

void write(Writer&, const Unknown&) {}
void read(Reader&, Unknown&) {}

// How many fields each kind has here, by its number.
constexpr std::uint32_t fields_of[] = {0, 5, 3, 2, 3, 5, 1, 6, 3, 5, 9, 3, 3};
static_assert(std::size(fields_of) == std::variant_size_v<Body>);

template <std::size_t I = 0>
void emplace(Body& body, std::size_t index) {
    if constexpr (I + 1 < std::variant_size_v<Body>) {
        if (index == I) body.emplace<I>();
        else emplace<I + 1>(body, index);
    }
}

}  // namespace

std::string read_text(Reader& in) {
    const auto text = in.text();
    return ascii(text) ? std::string(text) : service::unicode::repaired(text);
}

EventId read_id(Reader& in) {
    const auto bytes = in.bytes();
    if (bytes.empty()) return {};
    if (const auto id = EventId::from_bytes(bytes)) return *id;
    in.refuse("an id has 16 bytes, or none");
    return {};
}

service::Time read_time(Reader& in) { return service::Time(microseconds(in.integer(first_microsecond, last_microsecond))); }

void write_id(Writer& w, const EventId& id) { w.bytes(id ? id.view() : std::string_view{}); }

std::size_t body_bytes(const Body& body) {
    if (const auto* m = std::get_if<Message>(&body)) return 32 + m->text.plain.size() + 16 * m->text.spans.size();
    if (const auto* o = std::get_if<RunOutput>(&body)) return 64 + o->data.size() + o->shown.plain.size();
    return 128;
}

void write_body(Writer& w, const Event& event) {
    if (const auto* unknown = std::get_if<Unknown>(&event.body)) {
        w.raw(unknown->raw.empty() ? std::string_view("\x90", 1) : std::string_view(unknown->raw));
        return;
    }
    const auto later = later_fields(event);
    w.array(fields_of[event.body.index() + 1] + later + event.more_body_count);
    std::visit([&w](const auto& body) { write(w, body); }, event.body);
    if (later > 0) write_others(w, std::get<Receipt>(event.body));
    if (later > 1) write_passages(w, std::get<Receipt>(event.body));
    w.raw(event.more_body);
}

void read_body(Reader& in, std::uint32_t kind, Event& event) {
    if (kind == 0 || kind >= std::size(fields_of)) {
        if (in.good() && in.next() != Type::array) in.refuse("a body is an array");
        event.body = Unknown{kind, std::string(in.rest(1))};
        return;
    }
    auto more = in.fields(fields_of[kind]);
    emplace(event.body, kind - 1);
    std::visit([&in](auto& body) { read(in, body); }, event.body);
    if (auto* receipt = std::get_if<Receipt>(&event.body); receipt != nullptr) {
        if (more > 0) read_others(in, *receipt), --more;
        if (more > 0) read_passages(in, *receipt), --more;
    }
    event.more_body = in.rest(more);
    event.more_body_count = more;
}

}  // namespace parley::bus
