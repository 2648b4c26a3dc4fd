// One line for each message: room, native id, message id, author, nick, revision; tabs between. One for each set of
// reactions: room, native id, author, and the emoji with spaces between. A later line replaces an earlier one.
#include "bridges/xmpp/memory.h"

#include <cstdlib>
#include <iterator>
#include <sstream>
#include <utility>

namespace parley::xmpp {

namespace {

std::string key(const std::string& room, const std::string& id) { return room + '\n' + id; }

std::string flat(std::string text) {
    for (auto& c : text)
        if (c == '\t' || c == '\n' || c == '\r') c = ' ';
    return text;
}

std::vector<std::string> words(const std::string& text) {
    std::istringstream in(text);
    return {std::istream_iterator<std::string>(in), {}};
}

}  // namespace

Memory::Memory(const std::string& folder) {
    if (folder.empty()) return;
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    path_ = std::filesystem::path(folder) / "messages";
    read();
    compact();
}

void Memory::read() {
    std::ifstream in(path_);
    for (std::string line; std::getline(in, line);) {
        if (in.eof()) break;  // the last line of a crash may be cut short
        std::vector<std::string> field(1);
        for (const char c : line) c == '\t' ? void(field.emplace_back()) : field.back().push_back(c);
        if (field.size() == 6)
            insert(Message{field[0], field[1], field[2], field[3], field[4],
                           static_cast<std::uint32_t>(std::strtoul(field[5].c_str(), nullptr, 10))});
        if (field.size() == 4) insert(Reactions{field[0], field[1], field[2], words(field[3])});
    }
}

// Written anew, so that the file holds no more than twice what is remembered. If the disk is full, the old file stays,
// and it is tried again with the next line.
void Memory::compact() {
    std::error_code ignored;
    const auto fresh = path_.string() + ".new";
    auto old = std::exchange(file_, std::ofstream(fresh, std::ios::trunc));
    lines_ = 0;
    for (const auto& m : messages_) write(m.message());
    for (const auto& [key, reactions] : reactions_) write(reactions);
    file_.flush();
    whole_ = file_.is_open() && file_.good();
    if (whole_) return std::filesystem::rename(fresh, path_, ignored);
    std::filesystem::remove(fresh, ignored);
    file_ = std::move(old);
}

void Memory::flush() {
    if (path_.empty()) return;
    file_.flush();
    if (!file_.good() || !whole_ || lines_ > 2 * (messages_max + reactions_max)) compact();
}

Memory::Message Memory::Held::message() const {
    return {who->first.room, std::string(native_id()), std::string(message_id()), who->first.author_id, who->first.nick, revision};
}

Memory::Key Memory::Look::key(Place place) const {
    const auto& held = memory->messages_[place - memory->dropped_];
    return {held.who->first.room, (held.*id)()};
}

std::size_t Memory::Hash::of(const Key& key) {
    const std::hash<std::string_view> hash;
    return hash(key.room) * 31 + hash(key.id);
}

void Memory::insert(const Message& m) {
    if (const auto known = native_.find(Key{m.room, m.native_id}); known != native_.end()) {
        auto& revision = messages_[*known - dropped_].revision;
        revision = std::max(revision, m.revision);
        return;
    }
    const auto who = people_.try_emplace({m.room, m.author_id, m.nick}).first;
    ++who->second;
    messages_.push_back({who, m.native_id + m.message_id, static_cast<std::uint32_t>(m.native_id.size()), m.revision});
    const auto place = dropped_ + messages_.size() - 1;
    native_.insert(place);
    // The first to use an id owns it: nobody can take another's message over by repeating its id.
    if (!m.message_id.empty()) own_.insert(place);
    if (messages_.size() > messages_max) drop_oldest();
}

void Memory::drop_oldest() {
    const auto& oldest = messages_.front();
    native_.erase(dropped_);
    if (const auto owner = own_.find(dropped_); owner != own_.end() && *owner == dropped_) own_.erase(owner);
    if (--oldest.who->second == 0) people_.erase(oldest.who);
    messages_.pop_front();
    ++dropped_;
}

void Memory::write(const Message& m) {
    if (!file_.is_open()) return;
    file_ << flat(m.room) << '\t' << flat(m.native_id) << '\t' << flat(m.message_id) << '\t' << flat(m.author_id) << '\t' << flat(m.nick)
          << '\t' << m.revision << '\n';
    ++lines_;
}

void Memory::write(const Reactions& r) {
    if (!file_.is_open()) return;
    file_ << flat(r.room) << '\t' << flat(r.native_id) << '\t' << flat(r.author_id) << '\t';
    for (const auto& emoji : r.emojis) file_ << flat(emoji) << ' ';
    file_ << '\n';
    ++lines_;
}

void Memory::add(const Message& m) {
    if (native_.contains(Key{m.room, m.native_id})) return;
    write(m);
    insert(m);
    flush();
}

std::optional<Memory::Message> Memory::found_in(const Index& index, const Key& key) const {
    const auto place = index.find(key);
    return place == index.end() ? std::nullopt : std::optional(messages_[*place - dropped_].message());
}

std::optional<Memory::Message> Memory::by_native_id(std::string_view room, std::string_view native_id) const { return found_in(native_, {room, native_id}); }
std::optional<Memory::Message> Memory::by_message_id(std::string_view room, std::string_view message_id) const { return found_in(own_, {room, message_id}); }

void Memory::corrected(const Message& m, const Message& correction) {
    auto after = m;
    ++after.revision;
    write(after);
    write(correction);
    insert(after);
    insert(correction);
    flush();
}

void Memory::insert(Reactions r) {
    const auto id = key(key(r.room, r.native_id), r.author_id);
    if (r.emojis.empty()) {
        if (reactions_.erase(id) > 0) std::erase(reactions_order_, id);
        return;
    }
    if (!reactions_.contains(id)) reactions_order_.push_back(id);
    reactions_[id] = std::move(r);
    if (reactions_.size() <= reactions_max) return;
    reactions_.erase(reactions_order_.front());
    reactions_order_.pop_front();
}

std::vector<std::string> Memory::reactions(const std::string& room, const std::string& native_id,
                                           const std::string& author_id) const {
    const auto it = reactions_.find(key(key(room, native_id), author_id));
    return it == reactions_.end() ? std::vector<std::string>() : it->second.emojis;
}

void Memory::react(const std::string& room, const std::string& native_id, const std::string& author_id,
                   std::vector<std::string> emojis) {
    Reactions r{room, native_id, author_id, std::move(emojis)};
    write(r);
    insert(std::move(r));
    flush();
}

}  // namespace parley::xmpp
