// What ThreadSanitizer need not look at. Debian's libzmq is not built with it, nor the libsodium that it encrypts with: how
// its own threads hand a message over is hidden from it, and so it would take each message's bytes for a race. A race
// between threads of ours has no frame of theirs in it and is told as ever. CivetWeb's workers share the C library's gmtime()
// for the date in an answer's head: at worst that date is of another second. We never call it.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
    return "called_from_lib:libzmq.so\ncalled_from_lib:libsodium.so\nrace:libzmq.so\nrace:libsodium.so\nrace:^gmtime$\n";
}
