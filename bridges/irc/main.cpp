// parley-irc: one account on one IRC network.
#include "bridges/irc/irc_platform.h"

int main(int argc, char** argv) { return parley::kit::run_bridge("irc", parley::irc::make_platform, argc, argv, true); }
