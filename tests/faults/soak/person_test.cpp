// What a person of the soak does by themselves, without a server.
#include "tests/faults/soak/person.h"

#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace parley::soak {
namespace {

using namespace std::chrono_literals;

class Slow final : public Person {
public:
    Slow() : Person("sam", "small/#lobby") { start(); }
    ~Slow() override { stop(); }
    std::atomic<int> spoken{0};

private:
    bool hear() override {
        pause(15ms);  // so that more than one message is due each time
        return true;
    }
    void speak(Said what) override {
        note(what);
        ++spoken;
    }
};

TEST(Person, SaysOfAFloodAsManyAsWereAskedForHoweverBusyTheMachine) {
    Slow sam;
    sam.flood(10);
    ASSERT_TRUE(tests::wait_until([&] { return !sam.floods(); }, 10s));
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(sam.spoken, 10);
}

}  // namespace
}  // namespace parley::soak
