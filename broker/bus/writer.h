// Writes msgpack at the end of a string, through msgpack-cxx. Only the .cpp files of this folder include it: it is heavy.
#pragma once

#include <bit>
#include <cstdint>
#include <msgpack/pack.hpp>
#include <string>
#include <string_view>

namespace parley::bus {

class Writer {
public:
    explicit Writer(std::string& out) : sink_{out}, packer_(sink_) {}

    Writer& array(std::size_t values) { return packer_.pack_array(static_cast<std::uint32_t>(values)), *this; }
    Writer& map(std::size_t pairs) { return packer_.pack_map(static_cast<std::uint32_t>(pairs)), *this; }
    Writer& natural(std::uint64_t n) { return packer_.pack_uint64(n), *this; }  // the shortest form that fits
    Writer& integer(std::int64_t n) { return packer_.pack_int64(n), *this; }
    // By hand: packer writes a whole number as an integer, and 3.0 would come back as another type.
    Writer& real(double d) {
        const auto bits = std::bit_cast<std::uint64_t>(d);
        sink_.out += '\xcb';
        for (int shift = 56; shift >= 0; shift -= 8) sink_.out += static_cast<char>(bits >> shift);
        return *this;
    }
    Writer& boolean(bool b) { return (b ? packer_.pack_true() : packer_.pack_false()), *this; }
    Writer& nil() { return packer_.pack_nil(), *this; }
    Writer& text(std::string_view s) {
        packer_.pack_str(static_cast<std::uint32_t>(s.size())).pack_str_body(s.data(), static_cast<std::uint32_t>(s.size()));
        return *this;
    }
    Writer& bytes(std::string_view s) {
        packer_.pack_bin(static_cast<std::uint32_t>(s.size())).pack_bin_body(s.data(), static_cast<std::uint32_t>(s.size()));
        return *this;
    }
    Writer& raw(std::string_view msgpack) { return sink_.out.append(msgpack), *this; }  // values that are msgpack already

private:
    struct Sink {
        std::string& out;
        void write(const char* data, std::size_t size) { out.append(data, size); }
    };
    Sink sink_;
    msgpack::packer<Sink> packer_;
};

}  // namespace parley::bus
