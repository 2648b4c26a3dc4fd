// Which message a later one means: a room counts in stanza ids, corrections in the sender's own ids. Kept in a file,
// so that corrections find their message after a restart. Bounded: the oldest are forgotten.
#pragma once

#include <cstdint>
#include <deque>
#include <fstream>
#include <string>
#include <string_view>
#include <unordered_map>

namespace parley::xmpp {

class Memory {
public:
    static constexpr std::size_t messages_max = 100'000;

    struct Message {
        std::string room, native_id, message_id, author_id, nick;
        std::uint32_t revision = 0;  // of its latest correction
    };

    explicit Memory(const std::string& folder);  // empty: in memory only

    void add(Message message);
    Message* by_native_id(const std::string& room, const std::string& native_id);
    Message* by_message_id(const std::string& room, const std::string& message_id);
    // The message's own later id means the same message.
    void corrected(Message& message);

private:
    void insert(Message message);
    void write(const Message& message);

    std::deque<Message> messages_;
    std::uint64_t dropped_ = 0;  // from the front of messages_
    std::unordered_map<std::string, std::uint64_t> native_, own_;
    std::ofstream file_;
};

}  // namespace parley::xmpp
