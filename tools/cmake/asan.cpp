// What LeakSanitizer need not tell, of libraries: now and then libzmq forgets a message of which a dying peer had sent a part
// (https://github.com/zeromq/libzmq/issues/4694), and libstrophe the text of a challenge that it cannot answer (src/auth.c). Our messages
// are held by zmq::message_t, which cannot forget them, and of a stanza's text we only ever ask for the pointer.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libzmq.so\nleak:xmpp_stanza_get_text\n"; }
