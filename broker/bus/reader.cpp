// The msgpack format: https://github.com/msgpack/msgpack/blob/master/spec.md
#include "broker/bus/reader.h"

#include <algorithm>
#include <bit>

namespace parley::bus {

void Reader::refuse(const char* fault) {
    if (fault_ != nullptr) return;
    fault_ = fault;
    fault_at_ = at_;
    at_ = input_.size();  // so that every loop over the rest ends at once
}

bool Reader::has(std::size_t bytes) {
    if (left() >= bytes) return true;
    refuse("the bytes end too early");
    return false;
}

std::uint64_t Reader::big_endian(std::size_t bytes) {
    if (!has(bytes)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(input_[at_ + i]);
    at_ += bytes;
    return value;
}

std::string_view Reader::take(std::size_t bytes) {
    if (!has(bytes)) return {};
    const auto out = input_.substr(at_, bytes);
    at_ += bytes;
    return out;
}

Type Reader::next() const {
    if (at_ >= input_.size()) return Type::end;
    const auto head = static_cast<unsigned char>(input_[at_]);
    if (head < 0x80 || head >= 0xe0 || (head >= 0xcc && head <= 0xd3)) return Type::integer;
    if (head < 0x90 || head == 0xde || head == 0xdf) return Type::map;
    if (head < 0xa0 || head == 0xdc || head == 0xdd) return Type::array;
    if (head < 0xc0 || (head >= 0xd9 && head <= 0xdb)) return Type::text;
    if (head == 0xc0) return Type::nil;
    if (head == 0xc2 || head == 0xc3) return Type::boolean;
    if (head >= 0xc4 && head <= 0xc6) return Type::bytes;
    if (head == 0xca || head == 0xcb) return Type::real;
    return Type::other;
}

bool Reader::big_natural() const {
    return left() >= 2 && static_cast<unsigned char>(input_[at_]) == 0xcf && (static_cast<unsigned char>(input_[at_ + 1]) & 0x80) != 0;
}

bool Reader::number(std::uint64_t& magnitude, bool& negative) {
    if (!has(1)) return false;
    const auto head = static_cast<unsigned char>(input_[at_]);
    negative = false;
    if (head < 0x80) {
        magnitude = head;
        ++at_;
        return true;
    }
    if (head >= 0xe0) {
        magnitude = 256U - head;
        negative = true;
        ++at_;
        return true;
    }
    if (head < 0xcc || head > 0xd3) return false;
    ++at_;
    const std::size_t size = std::size_t{1} << (head & 3U);
    magnitude = big_endian(size);
    if (head < 0xd0 || !good()) return good();
    const unsigned shift = 64 - 8 * static_cast<unsigned>(size);
    const auto value = static_cast<std::int64_t>(magnitude << shift) >> shift;  // the sign, spread
    negative = value < 0;
    magnitude = negative ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
    return true;
}

std::uint64_t Reader::natural(std::uint64_t most) {
    if (at_ < input_.size() && static_cast<unsigned char>(input_[at_]) <= std::min<std::uint64_t>(most, 0x7f)) {
        return static_cast<unsigned char>(input_[at_++]);  // most numbers are small
    }
    std::uint64_t magnitude = 0;
    bool negative = false;
    if (!number(magnitude, negative)) {
        refuse("a number is expected");
        return 0;
    }
    if (!negative && magnitude <= most) return magnitude;
    refuse("a number is out of range");
    return 0;
}

std::int64_t Reader::integer(std::int64_t least, std::int64_t most) {
    std::uint64_t magnitude = 0;
    bool negative = false;
    if (!number(magnitude, negative)) {
        refuse("a number is expected");
        return 0;
    }
    constexpr auto top = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (magnitude <= top + (negative ? 1 : 0)) {
        const auto value = static_cast<std::int64_t>(negative ? ~magnitude + 1 : magnitude);
        if (value >= least && value <= most) return value;
    }
    refuse("a number is out of range");
    return 0;
}

bool Reader::boolean() {
    if (next() == Type::boolean) return input_[at_++] == '\xc3';
    refuse("true or false is expected");
    return false;
}

double Reader::real() {
    if (next() == Type::integer) {
        std::uint64_t magnitude = 0;
        bool negative = false;
        number(magnitude, negative);
        return negative ? -static_cast<double>(magnitude) : static_cast<double>(magnitude);
    }
    if (next() != Type::real) {
        refuse("a number is expected");
        return 0;
    }
    const bool single = input_[at_++] == '\xca';
    if (single) return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(4))));
    return std::bit_cast<double>(big_endian(8));
}

std::string_view Reader::text() {
    if (next() != Type::text) {
        refuse("text is expected");
        return {};
    }
    const auto head = static_cast<unsigned char>(input_[at_++]);
    return take(head < 0xc0 ? head & 0x1fU : big_endian(std::size_t{1} << (head - 0xd9U)));
}

std::string_view Reader::bytes() {
    if (next() != Type::bytes) {
        refuse("bytes are expected");
        return {};
    }
    const auto head = static_cast<unsigned char>(input_[at_++]);
    return take(big_endian(std::size_t{1} << (head - 0xc4U)));
}

void Reader::nil() {
    if (next() == Type::nil) ++at_;
    else refuse("nil is expected");
}

std::uint32_t Reader::array() {
    if (next() != Type::array) {
        refuse("an array is expected");
        return 0;
    }
    const auto head = static_cast<unsigned char>(input_[at_++]);
    const std::uint64_t size = head < 0xa0 ? head & 0xfU : big_endian(head == 0xdc ? 2 : 4);
    return has(size) ? static_cast<std::uint32_t>(size) : 0;  // each value takes at least a byte
}

std::uint32_t Reader::map() {
    if (next() != Type::map) {
        refuse("a map is expected");
        return 0;
    }
    const auto head = static_cast<unsigned char>(input_[at_++]);
    const std::uint64_t size = head < 0x90 ? head & 0xfU : big_endian(head == 0xde ? 2 : 4);
    return has(size * 2) ? static_cast<std::uint32_t>(size) : 0;
}

std::uint32_t Reader::fields(std::uint32_t least) {
    const std::uint32_t size = array();
    if (size >= least) return size - least;
    refuse("an array has too few fields");
    return 0;
}

std::size_t Reader::step() {
    switch (next()) {
        case Type::array: return array();
        case Type::map: return std::size_t{2} * map();
        case Type::text: text(); return 0;
        case Type::bytes: bytes(); return 0;
        case Type::real: real(); return 0;
        case Type::nil:
        case Type::boolean: ++at_; return 0;
        case Type::integer: {
            std::uint64_t magnitude = 0;
            bool negative = false;
            number(magnitude, negative);
            return 0;
        }
        case Type::end: refuse("the bytes end too early"); return 0;
        case Type::other: break;
    }
    const auto head = static_cast<unsigned char>(input_[at_]);
    if (head == 0xc1) {
        refuse("a byte that msgpack never uses");
        return 0;
    }
    ++at_;  // an extension: its size, its type, its bytes
    const std::uint64_t size = head >= 0xd4 ? std::uint64_t{1} << (head - 0xd4U) : big_endian(std::size_t{1} << (head - 0xc7U));
    take(size + 1);
    return 0;
}

std::string_view Reader::rest(std::uint32_t values) {
    const std::size_t begin = at_;
    // What is still to come can never exceed the bytes that are left, so the loop is bounded by the input.
    for (std::uint64_t wanted = values; wanted > 0 && good(); --wanted) {
        wanted += step();
        if (wanted - 1 > left()) refuse("the bytes end too early");
    }
    return good() ? input_.substr(begin, at_ - begin) : std::string_view{};
}

void Reader::finish() {
    if (good() && left() > 0) refuse("something follows the last value");
}

service::Error Reader::error(std::string_view subject) const {
    return {service::Code::invalid,
            std::string(subject) + " is malformed at byte " + std::to_string(fault_at_) + ": " + (good() ? "nothing wrong" : fault_), {}};
}

}  // namespace parley::bus
