#include "indexer/search/document.h"

#include <algorithm>
#include <array>

#include "broker/service/unicode.h"
#include "indexer/search/fields.h"
#include "indexer/search/tokenizer.h"

namespace parley::search {
namespace {

constexpr std::size_t output_head_bytes = 16384, output_tail_bytes = 16384, outputs_max = 2000;

Document run_document(const archive::View& view, bus::Event anchor) {
    Document out{.anchor = std::move(anchor), .kind = DocumentKind::run, .text = {}, .command = {}, .outcome = running, .edited = false};
    const auto& request = std::get<bus::CommandRequested>(out.anchor.body);
    out.command = request.command;
    out.text = request.raw.empty() ? request.command : request.raw;
    const auto run = view.run(out.anchor.id, outputs_max);
    if (!run) return out;
    std::string output;
    for (const auto& part : run->output) output += std::get<bus::RunOutput>(part.body).data;
    if (output.size() > output_head_bytes + output_tail_bytes) {
        output.replace(output_head_bytes, output.size() - output_head_bytes - output_tail_bytes, "\n…\n");
    }
    if (!output.empty()) out.text += "\n" + service::unicode::repaired(output);
    if (!run->finished) return out;
    const auto& finished = std::get<bus::RunFinished>(run->finished->body);
    out.outcome = static_cast<std::uint8_t>(finished.outcome);
    if (!finished.detail.empty()) out.text += "\n" + finished.detail;
    return out;
}

}  // namespace

std::string_view name(DocumentKind kind) {
    switch (kind) {
        case DocumentKind::message: return "message";
        case DocumentKind::run: return "run";
        case DocumentKind::topic: return "topic";
    }
    return "unknown";
}

std::string_view outcome_name(std::uint8_t outcome) {
    if (outcome == no_outcome) return "";
    return outcome == running ? "running" : bus::name(static_cast<bus::Outcome>(outcome));
}

std::optional<bus::Event> anchor_of(const archive::View& view, const bus::Event& event) {
    using namespace bus;
    if (std::holds_alternative<Message>(event.body) || std::holds_alternative<Topic>(event.body) || std::holds_alternative<CommandRequested>(event.body)) return event;
    if (std::holds_alternative<Edit>(event.body) || std::holds_alternative<Redaction>(event.body)) return view.target(event);
    if (const auto* finished = std::get_if<RunFinished>(&event.body)) {
        auto request = view.event(finished->run);
        if (request && std::holds_alternative<CommandRequested>(request->body)) return request;
    }
    return std::nullopt;
}

std::optional<Document> document_of(const archive::View& view, bus::Event anchor) {
    if (std::holds_alternative<bus::CommandRequested>(anchor.body)) return run_document(view, std::move(anchor));
    const bool topic = std::holds_alternative<bus::Topic>(anchor.body);
    if (!topic && !std::holds_alternative<bus::Message>(anchor.body)) return std::nullopt;
    auto standing = view.standing(anchor);
    if (standing.redacted) return std::nullopt;
    return Document{.anchor = std::move(anchor), .kind = topic ? DocumentKind::topic : DocumentKind::message,
                    .text = std::move(standing.text.plain), .command = {}, .outcome = no_outcome, .edited = standing.revision > 0};
}

bool is_lookup(const bus::CommandRequested& request) {
    constexpr std::array<std::string_view, 4> names{"search", "show", "last", "help"};
    return request.action.kind == bus::Action::Kind::builtin && std::find(names.begin(), names.end(), request.command) != names.end();
}

std::string field_term(std::string_view prefix, std::string_view value) { return std::string(prefix) + fold(value).substr(0, 200); }

std::vector<std::string> field_terms(const Document& document) {
    const auto& anchor = document.anchor;
    const auto of = [](Field field, std::string_view value) { return field_term(row_of(field).prefix, value); };
    std::vector<std::string> out{of(Field::kind, name(document.kind)), of(Field::in, anchor.origin.room.text()),
                                 of(Field::in, anchor.origin.room.room), of(Field::platform, anchor.origin.room.account)};
    for (const auto& who : {anchor.author.name, anchor.author.id}) {
        if (!who.empty()) out.push_back(of(Field::from, who));
    }
    if (!document.command.empty()) out.push_back(of(Field::command, document.command));
    if (document.outcome != no_outcome) out.push_back(of(Field::outcome, outcome_name(document.outcome)));
    return out;
}

}  // namespace parley::search
