// What LeakSanitizer need not tell: now and then libzmq forgets a message of which a dying peer had sent a part
// (https://github.com/zeromq/libzmq/issues/4694). Ours are held by zmq::message_t, which cannot forget them.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libzmq.so\n"; }
