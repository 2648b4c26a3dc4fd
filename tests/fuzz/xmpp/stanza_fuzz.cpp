// Whatever stanzas come: they are read or passed over, within limits; and what we write is XML that says the same.
#include "bridges/xmpp/codec.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/xmpp/xml.h"

using namespace parley;
using fuzz::invariant;

namespace {

void well_formed(const xmpp::Element& element) {
    bool good = false;
    const auto again = fuzz::read_again(element, good);
    invariant(good && again.size() == 1, "what is written is well-formed");
    invariant(fuzz::same(again[0], element), "an element survives being written and read");
}

void message(const xmpp::Element& stanza) {
    const auto m = xmpp::read_message(stanza);
    if (!m) return;
    invariant(!m->from.bare.empty(), "a message is from somebody");
    invariant(!m->body || fuzz::valid(*m->body), "a body is UTF-8");
    invariant(m->reactions.size() <= xmpp::reactions_max, "reactions keep their limit");
    const xmpp::To to{m->from.full(), m->type == "groupchat", m->private_in_room};
    well_formed(xmpp::correct(to, m->id, m->replaces, m->body.value_or(""), m->unstyled));
    well_formed(xmpp::react(to, m->id, m->reacts_to, m->reactions));
    auto reply = xmpp::say(to, m->id, m->body.value_or(""), false);
    xmpp::add_reply(reply, m->reply_to, m->from.full());
    well_formed(reply);
    const auto mirrored = xmpp::read_message(reply.set("from", m->from.full()));
    invariant(mirrored && mirrored->body == m->body.value_or("") && mirrored->id == m->id && mirrored->reply_to == m->reply_to, "what we say is read as we meant it");
}

void presence(const xmpp::Element& stanza) {
    const auto p = xmpp::read_presence(stanza);
    if (!p) return;
    invariant(!p->from.bare.empty(), "a presence is from somebody");
    well_formed(xmpp::join(p->from.bare, p->new_nick, {}));
}

void archive(const xmpp::Element& stanza) {
    static_cast<void>(xmpp::has_archive(stanza));
    if (const auto page = xmpp::read_archive_page(stanza)) well_formed(xmpp::ask_archive("ops@rooms.example", stanza["id"], {page->last, page->last, {}}));
    const auto past = xmpp::read_archived(stanza);
    if (!past) return;
    invariant(!past->message.stanza_id.empty() && past->message.delayed, "what comes from an archive has its id and its time");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = fuzz::text_of(data, size);
    fuzz::Stream stream([](const xmpp::Element& stanza) {
        well_formed(stanza);
        message(stanza);
        presence(stanza);
        archive(stanza);
        if (const auto reply = xmpp::answer(stanza)) well_formed(*reply);
    });
    stream.feed(bytes);
    auto any = xmpp::element("message").set("id", std::string(bytes));
    any.add(xmpp::element("body").say(std::string(bytes)));
    bool good = false;
    const auto again = fuzz::read_again(any, good);
    invariant(good && again.size() == 1 && again[0].child_text("body") == xmpp::clean(bytes), "any bytes can be said, cleaned");
    invariant(again[0]["id"] == xmpp::clean(bytes), "any bytes can be an attribute, cleaned");
    return 0;
}
