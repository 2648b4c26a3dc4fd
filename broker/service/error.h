// What went wrong, for a caller who will branch on it and for a person who will read it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::service {

enum class Code : std::uint8_t {
    ok = 0,
    invalid,      // The input is wrong; sending it again will not help.
    not_found,
    denied,       // Policy, key or role forbids it.
    conflict,     // It contradicts what is already there.
    unavailable,  // The other side is away; trying again later may help.
    timeout,      // The deadline passed; the outcome may be unknown.
    limit,        // A stated limit was reached.
    unsupported,
    io,           // Disk, socket or system call.
    settings,     // The settings file is wrong. Never leaves its process.
};

std::string_view name(Code code);

struct Error {
    Code code = Code::ok;
    std::string what;  // One sentence, no trailing stop: what happened, with the values that matter.
    std::string hint;  // What to do about it; may be empty.

    explicit operator bool() const { return code != Code::ok; }
    std::string text() const;  // "what (hint)"
    friend bool operator==(const Error&, const Error&) = default;
};

}  // namespace parley::service
