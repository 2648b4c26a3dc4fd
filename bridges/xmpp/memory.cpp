// One line for each message: room, native id, message id, author, nick, revision; tabs between.
#include "bridges/xmpp/memory.h"

#include <array>
#include <cstdlib>
#include <filesystem>

namespace parley::xmpp {

namespace {

std::string key(const std::string& room, const std::string& id) { return room + '\n' + id; }

std::string flat(std::string text) {
    for (auto& c : text)
        if (c == '\t' || c == '\n' || c == '\r') c = ' ';
    return text;
}

}  // namespace

Memory::Memory(const std::string& folder) {
    if (folder.empty()) return;
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    const auto path = std::filesystem::path(folder) / "messages";
    if (std::ifstream in(path); in) {
        for (std::string line; std::getline(in, line);) {
            std::array<std::string, 6> field;
            std::size_t n = 0, at = 0;
            for (; n < field.size(); ++n) {
                const auto end = line.find('\t', at);
                field[n] = line.substr(at, end == std::string::npos ? end : end - at);
                if (end == std::string::npos) break;
                at = end + 1;
            }
            if (n != 5) continue;  // the last line of a crash may be cut short
            insert({field[0], field[1], field[2], field[3], field[4], static_cast<std::uint32_t>(std::strtoul(field[5].c_str(), nullptr, 10))});
        }
    }
    // Written anew, so that the file never holds more than twice what is remembered.
    const auto fresh = path.string() + ".new";
    file_.open(fresh, std::ios::trunc);
    for (const auto& m : messages_) write(m);
    file_.flush();
    std::filesystem::rename(fresh, path, ignored);
}

void Memory::insert(Message m) {
    if (auto* known = by_native_id(m.room, m.native_id)) {
        known->revision = std::max(known->revision, m.revision);
        return;
    }
    const auto at = dropped_ + messages_.size();
    native_[key(m.room, m.native_id)] = at;
    // The first to use an id owns it: nobody can take another's message over by repeating its id.
    if (!m.message_id.empty()) own_.try_emplace(key(m.room, m.message_id), at);
    messages_.push_back(std::move(m));
    if (messages_.size() <= messages_max) return;
    const auto& oldest = messages_.front();
    native_.erase(key(oldest.room, oldest.native_id));
    if (const auto it = own_.find(key(oldest.room, oldest.message_id)); it != own_.end() && it->second == dropped_) own_.erase(it);
    messages_.pop_front();
    ++dropped_;
}

void Memory::write(const Message& m) {
    if (!file_.is_open()) return;
    file_ << flat(m.room) << '\t' << flat(m.native_id) << '\t' << flat(m.message_id) << '\t' << flat(m.author_id) << '\t' << flat(m.nick)
          << '\t' << m.revision << '\n';
}

void Memory::add(Message m) {
    if (by_native_id(m.room, m.native_id)) return;
    write(m);
    file_.flush();
    insert(std::move(m));
}

Memory::Message* Memory::by_native_id(const std::string& room, const std::string& native_id) {
    const auto it = native_.find(key(room, native_id));
    return it == native_.end() ? nullptr : &messages_[it->second - dropped_];
}

Memory::Message* Memory::by_message_id(const std::string& room, const std::string& message_id) {
    const auto it = own_.find(key(room, message_id));
    return it == own_.end() ? nullptr : &messages_[it->second - dropped_];
}

void Memory::corrected(Message& m) {
    ++m.revision;
    write(m);
    file_.flush();
}

}  // namespace parley::xmpp
