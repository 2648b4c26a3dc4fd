#include "broker/bus/event_value.h"

#include <array>

namespace parley::bus {
namespace {

std::string_view name_of(Span::Kind kind) {
    static constexpr std::array<std::string_view, 13> names = {"",     "bold",    "italic", "strike",  "code",      "code_block", "quote",
                                                               "link", "mention", "emoji",  "spoiler", "underline", "colour"};
    const auto number = static_cast<std::size_t>(kind);
    return number < names.size() ? names[number] : "";
}

Value id_value(const EventId& id) { return id ? Value(id.text()) : Value(); }

Value value_of(const Reference& reference) {
    if (!reference) return {};
    return Value::map({{"event", id_value(reference.event)}, {"native_id", reference.native_id}});
}

Value value_of(const std::vector<std::string>& texts) {
    Value::List list;
    for (const auto& text : texts) list.emplace_back(text);
    return list;
}

Value value_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
    Value map = Value::map({});
    for (const auto& [name, value] : pairs) map.set(name, value);
    return map;
}

void add(Value& out, const Text& text, const std::string& name) {
    out.set(name, text.plain).set(name == "text" ? "spans" : name + "_spans", to_value(text.spans));
}

void add(Value& out, const Passage& passage) {
    if (passage == Passage{}) return;
    out.set("attempts", passage.attempts).set("waited_us", passage.waited.count()).set("answered_us", passage.answered.count());
}

struct AddBody {
    Value& out;

    void operator()(const Message& m) const {
        add(out, m.text, "text");
        Value::List attachments;
        for (const auto& a : m.attachments) {
            attachments.push_back(Value::map({{"name", a.name}, {"mime", a.mime}, {"url", a.url}, {"size_bytes", a.size_bytes}}));
        }
        out.set("style", name(m.style)).set("reply_to", value_of(m.reply_to)).set("thread", m.thread).set("attachments", std::move(attachments));
    }
    void operator()(const Edit& e) const {
        out.set("target", value_of(e.target)).set("revision", e.revision);
        add(out, e.text, "text");
    }
    void operator()(const Redaction& r) const { out.set("target", value_of(r.target)).set("reason", r.reason); }
    void operator()(const Reaction& r) const {
        out.set("target", value_of(r.target)).set("emoji", r.emoji).set("added", r.added);
    }
    void operator()(const Membership& m) const {
        out.set("change", name(m.change)).set("member", m.id).set("member_name", m.name);
        out.set("new_name", m.new_name).set("reason", m.reason);
    }
    void operator()(const Topic& t) const { add(out, t.text, "text"); }
    void operator()(const CommandRequested& c) const {
        const auto& a = c.action;
        // The environment stays out of sight: it may hold secrets.
        out.set("asked_by", value_of(c.asked_by)).set("command", c.command).set("raw", c.raw);
        out.set("arguments", value_of(c.arguments)).set("rule", c.rule);
        out.set("action", Value::map({{"kind", a.kind == Action::Kind::exec ? "exec" : "builtin"},
                                      {"argv", value_of(a.argv)},
                                      {"directory", a.directory},
                                      {"timeout_ms", a.timeout.count()},
                                      {"output_bytes_max", a.output_bytes_max},
                                      {"room_lines_max", a.room_lines_max},
                                      {"concurrency_key", a.concurrency_key},
                                      {"concurrency_max", a.concurrency_max},
                                      {"idempotent", a.idempotent}}));
    }
    void operator()(const RunStarted& r) const {
        out.set("run", id_value(r.run)).set("worker", r.worker).set("attempt", r.attempt);
    }
    void operator()(const RunOutput& r) const {
        out.set("run", id_value(r.run)).set("ordinal", r.ordinal).set("stream", name(r.stream)).set("data", r.data);
        add(out, r.shown, "shown");
    }
    void operator()(const RunFinished& r) const {
        out.set("run", id_value(r.run)).set("outcome", name(r.outcome));
        out.set("exit_code", r.exit_code ? Value(*r.exit_code) : Value()).set("took_us", r.took.count()).set("detail", r.detail);
        out.set("output_bytes", r.output_bytes).set("output_lines", r.output_lines).set("truncated", r.truncated);
        add(out, r.shown, "shown");
    }
    void operator()(const Gap& g) const {
        out.set("from", service::iso8601(g.from)).set("from_us", g.from.time_since_epoch().count());
        out.set("to", service::iso8601(g.to)).set("to_us", g.to.time_since_epoch().count()).set("why", g.why);
    }
    void operator()(const Receipt& r) const {
        out.set("delivered", id_value(r.delivered)).set("native_ids", value_of(r.native_ids)).set("refusal", r.refusal);
        add(out, r.passage);
        Value::List others;
        for (const auto& other : r.others) {
            auto one = Value::map({{"delivered", id_value(other.event)}, {"native_ids", value_of(other.native_ids)}});
            add(one, other.passage);
            others.push_back(std::move(one));
        }
        if (!others.empty()) out.set("others", std::move(others));
    }
    void operator()(const Unknown& u) const {
        auto body = Value::decode(u.raw);
        out.set("kind_number", u.kind).set("body", body ? std::move(*body) : Value());
    }
};

}  // namespace

Value to_value(const std::vector<Span>& spans) {
    Value::List list;
    for (const auto& s : spans) {
        list.push_back(Value::map({{"kind", name_of(s.kind)}, {"begin", s.begin}, {"length", s.length}, {"value", s.value}}));
    }
    return list;
}

Value to_value(const Event& event) {
    const auto& author = event.author;
    Value out = Value::map({{"id", event.id.text()},
                            {"brief", event.id.brief()},
                            {"sequence", event.sequence},
                            {"kind", name(event.kind())},
                            {"time", service::iso8601(event.time)},
                            {"time_us", event.time.time_since_epoch().count()},
                            {"received_us", event.received.time_since_epoch().count()},
                            {"account", event.origin.room.account},
                            {"room", event.origin.room.room},
                            {"native_id", event.origin.native_id},
                            {"visibility", name(event.origin.visibility)},
                            {"author", Value::map({{"id", author.id},
                                                   {"name", author.name},
                                                   {"strength", name(author.strength)},
                                                   {"bot", author.bot},
                                                   {"avatar_url", author.avatar_url}})},
                            {"correlation", id_value(event.correlation)},
                            {"hops", event.hops}});
    std::visit(AddBody{out}, event.body);
    return out;
}

}  // namespace parley::bus
