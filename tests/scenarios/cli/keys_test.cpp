// `parley keys`: what it makes lets exactly that process in, over TCP.
#include <sys/stat.h>

#include "broker/bus/client.h"
#include "tests/scenarios/cli/cli.h"

namespace parley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class MadeKeys : public testing::Test {
protected:
    std::string folder(const std::string& name) const { return (folder_.path() / name).string(); }
    Said make(const std::string& name) const { return parley({"keys", name, "--folder", folder("keys")}); }
    // The [[bus.allow]] lines, as printed, with the role that the operator fills in.
    static std::string allow(const Said& said, const std::string& role) {
        auto lines = said.out.substr(said.out.find("[[bus.allow]]"));
        const auto at = lines.find("role = \"bridge\"");
        EXPECT_NE(at, std::string::npos) << said.out;
        return lines.replace(at, 15, "role = \"" + role + "\"");
    }
    std::string write(const std::string& name, const std::string& keys, const std::string& more) const {
        return folder_.write(name, fmt::format("[parley]\ndata = \"{}\"\n[bus]\nendpoint = \"tcp://127.0.0.1:{}\"\nkeys = \"{}\"\n{}", folder("data"), port_, keys, more)).string();
    }
    TempFolder folder_{"parley-keys"};
    std::uint16_t port_ = free_port();
};

TEST_F(MadeKeys, LetTheirProcessInAndNoOther) {
    ASSERT_EQ(make("broker").code, good);
    const auto operators = make("operator");
    ASSERT_EQ(operators.code, good) << operators.err;
    // Another machine's operator: a key of their own that nobody listed.
    ASSERT_EQ(parley({"keys", "operator", "--folder", folder("theirs")}).code, good);
    std::filesystem::copy(folder("keys") + "/broker.public", folder("theirs") + "/broker.public");

    const auto ours = write("ours.toml", folder("keys"), allow(operators, "operator"));
    const auto theirs = write("theirs.toml", folder("theirs"), "");
    const Process broker({.argv = {PARLEY_BIN_DIR "/parley-broker", "--settings", ours}, .log = folder_.path() / "broker.log"});
    ASSERT_TRUE(wait_connectable(port_)) << broker.output();

    const auto in = parley({"send", "web/lobby", "by key", "--settings", ours});
    EXPECT_EQ(in.code, good) << in.err << broker.output();
    EXPECT_THAT(in.out, HasSubstr("is number 1 in the journal"));

    const auto out = parley({"send", "web/lobby", "without", "--settings", theirs});
    EXPECT_EQ(out.code, failed) << out.err;
    EXPECT_THAT(out.err, AllOf(HasSubstr("the broker does not let this key in"), HasSubstr("[[bus.allow]]")));
    EXPECT_THAT(broker.output(), HasSubstr("a key that is not allowed tried to connect"));
}

TEST_F(MadeKeys, AreForTheirOwnerAloneAndNeverReplaced) {
    ASSERT_EQ(make("libera").code, good);
    for (const auto* file : {"libera.secret", "libera.public"}) {
        struct stat info {};
        ASSERT_EQ(::stat((folder("keys") + "/" + file).c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0077, 0U) << file;
    }
    const auto before = read_file(folder("keys") + "/libera.secret");
    const auto again = make("libera");
    EXPECT_EQ(again.code, failed);
    EXPECT_THAT(again.err, HasSubstr("remove it first"));
    EXPECT_EQ(read_file(folder("keys") + "/libera.secret"), before);
}

TEST_F(MadeKeys, ThatAreMissingAreNamedWithWhatMakesThem) {
    const auto file = write("parley.toml", folder("keys"), "");
    const auto said = parley({"status", "--settings", file});
    EXPECT_EQ(said.code, failed);
    EXPECT_THAT(said.err, AllOf(HasSubstr("operator.public"), HasSubstr("`parley keys` makes it")));
}

}  // namespace
}  // namespace parley::tests
