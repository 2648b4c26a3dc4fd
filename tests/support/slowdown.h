// What a sanitizer costs. A build with one looks for defects and says nothing of the product's speed: bounds of time are
// so much wider there.
#pragma once

namespace parley::tests {

#if defined(__SANITIZE_THREAD__)
inline constexpr int slowdown = 10;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr int slowdown = 4;
#else
inline constexpr int slowdown = 1;
#endif

}  // namespace parley::tests
