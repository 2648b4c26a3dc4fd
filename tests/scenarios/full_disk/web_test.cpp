// The page on a full disk: it keeps nothing but sign-ins, and those go on working.
#include "tests/scenarios/full_disk/on_a_small_disk.h"

namespace parley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class FullWeb : public OnASmallDisk {
protected:
    // Asks for a link in a direct conversation, as a person would, and follows it.
    int sign_in(const std::string& nick) {
        IrcClient person(irc.port(), nick);
        person.say("parley", "!login");
        const auto line = person.expect("/login/", 20s);
        if (line.empty()) return 0;
        auto path = line.substr(line.find("/login/"));
        return house.post(path.substr(0, path.find_first_of(" \r\n")), "").status;
    }
    std::string saved() const { return read_file(house.folder() / "data/web/sessions"); }
};

TEST_F(FullWeb, SignsPeopleInAndKeepsTheSignInsWhenThereIsRoom) {
    begin("web");
    ASSERT_EQ(sign_in("bob"), 303) << house.logs();
    ASSERT_THAT(saved(), HasSubstr("small/nick:bob"));
    const auto before = saved();
    disk->fill();
    ASSERT_EQ(sign_in("carol"), 303) << house.logs();
    EXPECT_THAT(house.log("web"), AllOf(HasSubstr("No space left"), HasSubstr("free some space")));
    EXPECT_EQ(saved(), before) << "the old file is whole";
    EXPECT_EQ(house.get("/healthz").status, 200);
    house.say("web/lobby", "still here");
    EXPECT_FALSE(alice.expect("still here").empty());
    nothing_has_ended();

    disk->make_room();
    ASSERT_EQ(sign_in("dave"), 303);
    EXPECT_THAT(saved(), AllOf(HasSubstr("small/nick:bob"), HasSubstr("small/nick:carol"), HasSubstr("small/nick:dave")));
    nothing_has_ended();
}

}  // namespace
}  // namespace parley::tests
