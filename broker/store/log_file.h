// A log that is written ahead: frames one after the other in one file, which is written over from its beginning each
// time that what it holds is elsewhere. Its blocks stay its own, so that a sync has nothing to write but the frames.
//
// A frame: check (u64), "PWAL", length of its body (u32), epoch (u64), its number in the epoch from 0 (u64), body; numbers
// little-endian. The check is SipHash-2-4 of all behind it, with the store's own key: what somebody said in a room is never
// taken for a frame, wherever it comes to stand. Frames of other epochs are what has not been written over yet.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace parley::store {

class LogFile {
public:
    static constexpr std::size_t head_bytes = 32;
    using Key = std::array<unsigned char, 16>;  // secret, and for ever the same of one store

    // Opens the file, or makes it. Throws Failure.
    LogFile(std::filesystem::path path, const Key& key);
    ~LogFile();
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    using Visit = std::function<void(std::string_view body)>;
    // What an earlier process left of an epoch: the bodies of its frames in the order in which they were appended, up to the first
    // that is not whole. `synced`: each was on disk before the one after it was written, so that a whole frame behind a torn
    // one is damage, and thrown as Failure; otherwise it is what a power cut left, and passed over. begin() must follow.
    void recover(std::uint64_t epoch, bool synced, const Visit& visit);
    // The frames since begin() once more.
    void replay(const Visit& visit);
    // Throws Failure; then the frame is not there.
    void append(std::string_view body);
    void take_back();  // the frame that was appended last; once
    void sync();       // all frames are on disk when it returns; throws Failure
    // What it holds is elsewhere, and durable there: frames of this epoch come next, from the beginning.
    void begin(std::uint64_t epoch);

    std::uint64_t bytes() const { return end_; }  // of the epoch's frames
    const std::filesystem::path& path() const { return path_; }

private:
    std::string read(std::uint64_t bytes);
    std::uint64_t check_of(std::string_view frame) const;
    std::optional<std::string_view> body_of(std::string_view rest, std::uint64_t epoch, std::uint64_t number) const;
    bool has_frame_from(std::string_view rest, std::uint64_t epoch, std::uint64_t number) const;
    void make_room(std::uint64_t bytes);

    std::filesystem::path path_;
    Key key_;
    int file_ = -1;
    std::uint64_t allocated_ = 0;  // bytes of the file
    std::uint64_t epoch_ = 0, number_ = 0, end_ = 0, last_ = 0;  // last_: where the frame before end_ begins
    std::string frame_;  // kept for its memory
};

}  // namespace parley::store
