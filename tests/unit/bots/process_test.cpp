// A child process: what it gets, what comes back, and that nothing of it stays.
#include "broker/bots/process.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

namespace parley::bots {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class Processes : public testing::Test {
protected:
    // The waitpid status at its end.
    int run(const std::vector<std::string>& argv, const std::string& directory = "") {
        std::optional<int> status;
        auto started = Process::start(reactor, argv, directory, environment,
                                      {[&](bus::RunOutput::Stream stream, std::string_view bytes) {
                                           (stream == bus::RunOutput::Stream::err ? err : out) += bytes;
                                       },
                                       [&](int ended) {
                                           status = ended;
                                           reactor.stop();
                                       }});
        if (!started) {
            refused = started.error();
            return -1;
        }
        EXPECT_TRUE(reactor.run_for(9s)) << "it did not end";
        return status.value_or(-1);
    }

    service::Reactor reactor;
    std::vector<std::pair<std::string, std::string>> environment{{"PATH", "/usr/bin:/bin"}, {"COLOUR", "green"}};
    std::string out, err;
    service::Error refused;
};

TEST_F(Processes, GiveBackBothStreamsAndTheExitCode) {
    const int status = run({"sh", "-c", "echo hello; echo oh >&2; exit 3"});
    EXPECT_EQ(WEXITSTATUS(status), 3);
    EXPECT_EQ(out, "hello\n");
    EXPECT_EQ(err, "oh\n");
}

TEST_F(Processes, GetTheirArgumentsAsTheyAreAndOnlyTheirOwnEnvironment) {
    ::setenv("PARLEY_TEST_SECRET", "leaked", 1);
    EXPECT_EQ(run({"sh", "-c", "printf '%s\\n' \"$1\"; env; pwd; cat; ls /proc/self/fd | wc -l", "sh", "a b; $(id) `id` *"}, "/usr"), 0);
    EXPECT_THAT(out, testing::StartsWith("a b; $(id) `id` *\n"));
    EXPECT_THAT(out, HasSubstr("COLOUR=green"));
    EXPECT_THAT(out, HasSubstr("/usr\n"));
    EXPECT_EQ(out.find("leaked"), std::string::npos);
    EXPECT_THAT(out, testing::EndsWith("\n4\n"));  // 0, 1, 2, and the folder that ls reads
}

TEST_F(Processes, ThatCannotStartSayWhy) {
    EXPECT_EQ(run({"/no/such/program"}), -1);
    EXPECT_THAT(refused.what, HasSubstr("cannot run /no/such/program: No such file or directory"));
    EXPECT_EQ(run({"sh"}, "/no/such/folder"), -1);
    EXPECT_THAT(refused.hint, HasSubstr("`directory`"));
}

TEST_F(Processes, EndWithTheirProgramThoughSomethingHoldsThePipesOpen) {
    EXPECT_EQ(run({"sh", "-c", "sleep 60 & echo $!"}), 0);
    std::ifstream left("/proc/" + std::to_string(std::atoi(out.c_str())) + "/stat");
    std::string pid, name, state;
    EXPECT_TRUE(!(left >> pid >> name >> state) || state == "Z") << "it still runs";
}

}  // namespace
}  // namespace parley::bots
