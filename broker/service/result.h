// A value or an Error. The only place that names tl::expected.
#pragma once

#include <tl/expected.hpp>

#include "broker/service/error.h"

namespace parley::service {

template <class T>
using Result = tl::expected<T, Error>;

// return fail(Code::invalid, "port 70000 is out of range", "use 1 to 65535");
inline tl::unexpected<Error> fail(Code code, std::string what, std::string hint = {}) {
    return tl::unexpected<Error>(Error{code, std::move(what), std::move(hint)});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace parley::service
