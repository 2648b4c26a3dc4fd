// Whatever is typed: words, call and parameters read it or say what is wrong; quoting a word gives the word back.
#include <cstdint>

#include "broker/dispatch/call.h"
#include "broker/dispatch/dispatcher.h"
#include "broker/service/invariant.h"
#include "broker/service/unicode.h"

using namespace parley;

namespace {

std::string in_single_quotes(const std::string& word) {
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

dispatch::Settings settings() {
    dispatch::Settings settings;
    for (auto& command : dispatch::built_in_commands()) settings.commands.emplace(command.name, std::move(command));
    auto& deploy = settings.commands["deploy"];
    deploy.name = "deploy";
    deploy.allow = {"*"};
    deploy.action.argv = {"deploy", "{where}", "{count}", "{force}"};
    deploy.parameters.resize(3);
    deploy.parameters[0].name = "where";
    deploy.parameters[1].name = "count";
    deploy.parameters[1].type = dispatch::Parameter::Type::integer;
    deploy.parameters[1].required = false;
    deploy.parameters[2].name = "force";
    deploy.parameters[2].type = dispatch::Parameter::Type::flag;
    deploy.parameters[2].required = false;
    return settings;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const dispatch::Dispatcher dispatcher(settings());
    const std::string raw(reinterpret_cast<const char*>(data), size);
    const auto text = service::unicode::repaired(raw);
    service::invariant(service::unicode::valid(dispatch::without_auto_links(text)), "undoing links keeps text valid");
    if (const auto words = dispatch::split(text)) {
        std::string again;
        for (const auto& word : *words) {
            service::invariant(service::unicode::valid(word.text), "words are valid UTF-8");
            again += in_single_quotes(word.text) + " ";
        }
        const auto same = dispatch::split(again);
        service::invariant(same && same->size() == words->size(), "quoted words are as many");
        for (std::size_t i = 0; i < words->size(); ++i) service::invariant((*same)[i].text == (*words)[i].text, "quoting keeps a word");
    }
    for (const auto& typed : {raw, "!deploy " + text, "parley: " + text}) {
        bus::Event message;
        message.id = bus::derived_id({"fuzz", typed});
        message.origin = {{"lobby", "#ops"}, "1", bus::Visibility::everyone};
        message.author.id = message.author.name = "alice";
        message.body = bus::Message{bus::Text(typed), {}, {}, "", {}};
        for (const auto& event : dispatcher.consider(message)) {
            const auto* requested = std::get_if<bus::CommandRequested>(&event.body);
            if (requested == nullptr) continue;
            for (const auto& argument : requested->action.argv) {
                service::invariant(argument.find('\0') == std::string::npos, "no argument holds a NUL");
            }
        }
    }
    return 0;
}
