#include "web/live/conversation.h"

#include <algorithm>
#include <charconv>

#include "web/server/json.h"

namespace parley::live {
namespace {

using bus::Sequence;
using bus::Value;
using service::Code;
using service::Error;
using service::fail;

constexpr std::size_t missed_page = 500, missed_pages_max = 4;  // beyond it the page is told to load itself again
constexpr std::chrono::seconds archive_within{5};

class RoomConversation final : public server::Conversation, Hub::Listener {
public:
    RoomConversation(const Live& live, server::Person person, Together together, Sequence after,
                     std::shared_ptr<server::Socket> socket)
        : live_(live),
          person_(std::move(person)),
          together_(std::move(together)),
          socket_(std::move(socket)),
          last_(after) {
        for (const auto& room : together_.rooms) rooms_.insert(room);
        options_.own_id = person_.id;
        options_.rooms = together_.rooms.size() > 1;
    }
    ~RoomConversation() override { live_.hub.forget(this); }

    // Listening begins before the archive is asked, so that nothing falls between the two.
    void opened() override {
        const auto recent = live_.hub.listen(this, last_);
        const auto oldest = live_.hub.oldest();
        if (!oldest || *oldest > last_ + 1) {
            if (!send_missed()) return;
        }
        const std::lock_guard hold(mutex_);
        for (const auto& one : recent) show(*one);
        for (const auto& one : waiting_) show(*one);
        waiting_.clear();
        caught_up_ = true;
        socket_->send(Value::map({{"type", "live"}, {"sequence", last_}, {"name", person_.name}}).json());
    }

    void received(std::string_view text) override {
        const auto request = server::parse_json(text);
        if (!request || !request->is_map()) {
            refuse({}, request ? Error{Code::invalid, "a request is a JSON object", {}} : request.error());
            return;
        }
        const auto client = (*request)["client_id"].text();
        const auto done = act(*request, client);
        if (!done) return refuse(client, done.error());
        socket_->send(
            Value::map(
                {{"type", "ack"}, {"client_id", client}, {"sequence", done->sequence}, {"id", done->id.text()}})
                .json());
    }

private:
    service::Result<Written> act(const Value& request, const std::string& client) {
        const auto type = request["type"].text("message");
        const auto target = request["target"].text();
        if (type == "edit") return live_.writer.edit(person_, client, target, request["text"].text());
        if (type == "redact") return live_.writer.redact(person_, client, target);
        if (together_.writes_to.empty()) return fail(Code::denied, "this room is read only here");
        if (type == "message")
            return live_.writer.say(person_, together_.writes_to, client, request["text"].text(),
                                    request["reply_to"].text());
        if (type == "react")
            return live_.writer.react(person_, together_.writes_to, client, target, request["emoji"].text(),
                                      request["added"].boolean(true));
        return fail(Code::invalid, "\"" + type + "\" is not something that a page can ask for");
    }

    void refuse(const std::string& client, const Error& error) {
        socket_->send(
            Value::map({{"type", "refused"}, {"client_id", client}, {"what", error.what}, {"hint", error.hint}})
                .json());
    }

    void happened(const Shared& one) override {
        const std::lock_guard hold(mutex_);
        if (caught_up_)
            show(*one);
        else if (waiting_.size() < Hub::recent_max)
            waiting_.push_back(one);
        else
            socket_->close();
    }

    void show(const Recent& one) {
        if (one.event.sequence <= last_) return;
        last_ = one.event.sequence;
        if (rooms_.contains(one.event.origin.room) && may_see(one.event, person_)) show(one.value());
    }

    void show(const Value& event) {
        const auto change = pages::live_change(event, options_);
        if (!change.is_nil()) socket_->send(change.json());
    }

    // What is older than the hub remembers, from the archive, all rooms merged in the journal's order.
    bool send_missed() {
        std::vector<Value> missed;
        for (const auto& room : together_.rooms) {
            Sequence after = last_;
            for (std::size_t page = 0; page < missed_pages_max; ++page) {
                const auto answer = live_.bus.ask("archive", "room",
                                                  Value::map({{"room", room.text()},
                                                              {"viewer", viewer(live_.house, person_)},
                                                              {"after", after},
                                                              {"limit", missed_page}}),
                                                  archive_within);
                if (!answer) {
                    // A room that the archive has not met yet has nothing to show.
                    if (answer.error().code == Code::not_found || answer.error().code == Code::denied) break;
                    socket_->close();
                    return false;
                }
                const auto& events = (*answer)["events"].list();
                missed.insert(missed.end(), events.begin(), events.end());
                if (events.size() < missed_page) break;
                after = static_cast<Sequence>(events.back()["sequence"].number());
                if (page + 1 == missed_pages_max) {
                    socket_->send(Value::map({{"type", "reload"}}).json());
                    return false;
                }
            }
        }
        std::sort(missed.begin(), missed.end(),
                  [](const Value& a, const Value& b) { return a["sequence"].number() < b["sequence"].number(); });
        const std::lock_guard hold(mutex_);
        for (const Value& event : missed) {
            const auto sequence = static_cast<Sequence>(event["sequence"].number());
            if (sequence <= last_) continue;
            last_ = sequence;
            show(event);
        }
        return true;
    }

    Live live_;
    server::Person person_;
    Together together_;
    std::set<bus::RoomAddress> rooms_;
    pages::TimelineOptions options_;
    std::shared_ptr<server::Socket> socket_;
    std::mutex mutex_;  // between the connection's thread, which catches up, and the reactor's
    std::vector<Shared> waiting_;
    Sequence last_;  // the newest event that this page has been told of, or that was not for it
    bool caught_up_ = false;
};

}  // namespace

service::Result<std::unique_ptr<server::Conversation>> converse(const Live& live, const server::Person& person,
                                                                const server::Request& request,
                                                                std::shared_ptr<server::Socket> socket) {
    const auto room = bus::RoomAddress::from_text(request.value("room"));
    if (!room) return fail(Code::invalid, "the request names no room", "/live?room=web/ops&after=0");
    Sequence after = 0;
    const auto said = request.value("after");
    std::from_chars(said.data(), said.data() + said.size(), after);
    return std::make_unique<RoomConversation>(live, person, together(live.house, *room), after, std::move(socket));
}

}  // namespace parley::live
