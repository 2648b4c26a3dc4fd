// std::visit with a lambda for each alternative.
#pragma once

namespace parley::service {

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;  // clang 14 does not find it by itself

}  // namespace parley::service
