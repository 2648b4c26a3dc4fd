// Writes msgpack at the end of a string, through msgpack-cxx. Only the .cpp files of this folder include it: it is heavy.
#pragma once

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
    Writer& real(double d) { return packer_.pack_double(d), *this; }
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
