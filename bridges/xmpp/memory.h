// Which message a later one means: a room counts in stanza ids, corrections in the sender's own ids; and which reactions
// stand, since they come as whole sets. Kept in a file, so that all of it finds its message after a restart. Bounded: the
// oldest are forgotten.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace parley::xmpp {

class Memory {
public:
    static constexpr std::size_t messages_max = 50'000;   // some 220 bytes each
    static constexpr std::size_t reactions_max = 20'000;  // sets, of one person on one message

    struct Message {
        std::string room, native_id, message_id, author_id, nick;
        std::uint32_t revision = 0;  // of its latest correction
    };

    explicit Memory(const std::string& folder);  // empty: in memory only
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    void add(const Message& message);
    std::optional<Message> by_native_id(std::string_view room, std::string_view native_id) const;
    std::optional<Message> by_message_id(std::string_view room, std::string_view message_id) const;
    // Both are written at once: a correction is known if and only if it is counted. `message` must be known.
    void corrected(const Message& message, const Message& correction);

    std::vector<std::string> reactions(const std::string& room, const std::string& native_id, const std::string& author_id) const;
    void react(const std::string& room, const std::string& native_id, const std::string& author_id, std::vector<std::string> emojis);

private:
    struct Who {
        std::string room, author_id, nick;
        auto operator<=>(const Who&) const = default;
    };
    using People = std::map<Who, std::size_t>;  // and how many messages are theirs
    struct Held {  // a message, as small as it can be
        People::iterator who;
        std::string ids;  // the native id, and behind it the message id
        std::uint32_t native_bytes = 0, revision = 0;
        std::string_view native_id() const { return std::string_view(ids).substr(0, native_bytes); }
        std::string_view message_id() const { return std::string_view(ids).substr(native_bytes); }
        Message message() const;
    };
    using Messages = std::deque<Held>;
    using Place = std::uint64_t;  // of a message among all that ever were
    struct Key {
        std::string_view room, id;
        bool operator==(const Key&) const = default;
    };
    // Places of messages, found by one of their ids.
    struct Look {
        using is_transparent = void;
        const Memory* memory;
        std::string_view (Held::*id)() const;
        Key key(Place place) const;
        static Key key(const Key& key) { return key; }
    };
    struct Hash : Look {
        std::size_t operator()(const auto& one) const { return of(key(one)); }
        static std::size_t of(const Key& key);
    };
    struct Same : Look {
        bool operator()(const auto& one, const auto& other) const { return key(one) == key(other); }
    };
    using Index = std::unordered_set<Place, Hash, Same>;
    Index index_by(std::string_view (Held::*id)() const) const { return Index(0, Hash{{this, id}}, Same{{this, id}}); }
    std::optional<Message> found_in(const Index& index, const Key& key) const;

    struct Reactions {
        std::string room, native_id, author_id;
        std::vector<std::string> emojis;
    };

    void read();
    void compact();
    void insert(const Message& message);
    void drop_oldest();
    void insert(Reactions reactions);
    void write(const Message& message);
    void write(const Reactions& reactions);
    void flush();

    People people_;
    Messages messages_;
    Place dropped_ = 0;  // from the front of messages_
    Index native_ = index_by(&Held::native_id), own_ = index_by(&Held::message_id);
    std::map<std::string, Reactions> reactions_;
    std::deque<std::string> reactions_order_;
    std::filesystem::path path_;
    std::ofstream file_;
    std::size_t lines_ = 0;  // of the file
    bool whole_ = true;      // the file has all that is remembered
};

}  // namespace parley::xmpp
