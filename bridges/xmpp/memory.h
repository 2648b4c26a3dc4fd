// Which message a later one means: a room counts in stanza ids, corrections in the sender's own ids; and which reactions
// stand, since they come as whole sets. Kept in a file, so that all of it finds its message after a restart. Bounded: the
// oldest are forgotten.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace parley::xmpp {

class Memory {
public:
    static constexpr std::size_t messages_max = 100'000;
    static constexpr std::size_t reactions_max = 20'000;  // sets, of one person on one message

    struct Message {
        std::string room, native_id, message_id, author_id, nick;
        std::uint32_t revision = 0;  // of its latest correction
    };

    explicit Memory(const std::string& folder);  // empty: in memory only

    void add(Message message);
    Message* by_native_id(const std::string& room, const std::string& native_id);
    Message* by_message_id(const std::string& room, const std::string& message_id);
    // Both are written at once: a correction is known if and only if it is counted.
    void corrected(Message& message, const Message& correction);

    std::vector<std::string> reactions(const std::string& room, const std::string& native_id, const std::string& author_id) const;
    void react(const std::string& room, const std::string& native_id, const std::string& author_id, std::vector<std::string> emojis);

private:
    struct Reactions {
        std::string room, native_id, author_id;
        std::vector<std::string> emojis;
    };

    void read();
    void compact();
    void insert(Message message);
    void insert(Reactions reactions);
    void write(const Message& message);
    void write(const Reactions& reactions);
    void flush();

    std::deque<Message> messages_;
    std::uint64_t dropped_ = 0;  // from the front of messages_
    std::unordered_map<std::string, std::uint64_t> native_, own_;
    std::map<std::string, Reactions> reactions_;
    std::deque<std::string> reactions_order_;
    std::filesystem::path path_;
    std::ofstream file_;
    std::size_t lines_ = 0;  // of the file
    bool whole_ = true;      // the file has all that is remembered
};

}  // namespace parley::xmpp
