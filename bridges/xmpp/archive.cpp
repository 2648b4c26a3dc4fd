// A room's archive: asking for a page and reading it (XEP-0313 with the paging of XEP-0059).
#include "bridges/xmpp/codec.h"

namespace parley::xmpp {

namespace {

const std::string disco_info = "http://jabber.org/protocol/disco#info";
const std::string mam = "urn:xmpp:mam:2";
const std::string rsm = "http://jabber.org/protocol/rsm";

Element field(const std::string& name, const std::string& value) {
    return element("field").set("var", name).add(element("value").say(value));
}

}  // namespace

Element ask_features(const std::string& room, const std::string& id) {
    return element("iq").set("to", room).set("type", "get").set("id", id).add(element("query", disco_info));
}

bool has_archive(const Element& features) {
    const auto* query = features.child("query", disco_info);
    if (!query || features["type"] != "result") return false;
    for (const auto& e : query->children)
        if (e.name == "feature" && e["var"] == mam) return true;
    return false;
}

Element ask_archive(const std::string& room, const std::string& id, const ArchiveQuery& q) {
    auto form = element("x", "jabber:x:data").set("type", "submit").add(field("FORM_TYPE", mam));
    if (q.start) form.add(field("start", service::iso8601(*q.start)));
    auto page = element("set", rsm).add(element("max").say(std::to_string(archive_page_max)));
    if (!q.after.empty()) page.add(element("after").say(q.after));
    if (!q.before.empty()) page.add(element("before").say(q.before));
    auto query = element("query", mam).set("queryid", id).add(form).add(page);
    return element("iq").set("to", room).set("type", "set").set("id", id).add(query);
}

std::optional<Archived> read_archived(const Element& s) {
    if (s.name != "message" || s["type"] == "error") return std::nullopt;
    const auto* result = s.child("result", mam);
    const auto* forwarded = result ? result->child("forwarded", "urn:xmpp:forward:0") : nullptr;
    const auto* inner = forwarded ? forwarded->child("message") : nullptr;
    const auto* delay = forwarded ? forwarded->child("delay", "urn:xmpp:delay") : nullptr;
    if (!inner || !delay || (*result)["id"].empty()) return std::nullopt;
    auto message = read_message(*inner);
    const auto stamp = service::parse_iso8601((*delay)["stamp"]);
    if (!message || !stamp) return std::nullopt;
    message->stanza_id = (*result)["id"];
    message->stamp = (*delay)["stamp"];
    message->delayed = stamp;
    return Archived{(*result)["queryid"], std::move(*message)};
}

std::optional<ArchivePage> read_archive_page(const Element& iq) {
    const auto* fin = iq.child("fin", mam);
    if (!fin || iq["type"] != "result") return std::nullopt;
    ArchivePage out;
    out.complete = (*fin)["complete"] == "true" || (*fin)["complete"] == "1";
    if (const auto* set = fin->child("set", rsm)) out.last = set->child_text("last");
    return out;
}

}  // namespace parley::xmpp
