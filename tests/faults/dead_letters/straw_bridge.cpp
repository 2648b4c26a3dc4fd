// parley-straw, for tests: a whole bridge, of a platform that writes what is said into a file, and that crashes on some words
// until the file `antidote` is there.
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include "bridges/kit/run_bridge.h"

namespace parley::kit {
namespace {

class Straw final : public Platform {
public:
    explicit Straw(Context context) : context_(std::move(context)) {}
    const Capabilities& capabilities() const override { return can_; }
    void connect() override {
        context_.host.link_changed(Link::up);
        for (const auto& room : context_.rooms) context_.host.room_changed(room, true);
    }
    void disconnect() override {}
    void deliver(const Delivery& delivery) override {
        if (const auto* say = std::get_if<Say>(&delivery.what)) hear(delivery, say->text.plain);
        context_.host.delivered(delivery.id, unconfirmed);
    }

private:
    // The event's id is its idempotency key: what may have been said before is looked up.
    void hear(const Delivery& delivery, const std::string& words) {
        const auto line = delivery.id.event.text() + " " + words;
        if (delivery.in_doubt && heard(line)) return;
        if (!std::filesystem::exists(context_.data_folder + "/antidote")) {
            if (words.find("poison that aborts") != std::string::npos) std::abort();
            if (words.find("poison that throws") != std::string::npos) throw std::runtime_error("poisoned");
        }
        std::ofstream(context_.data_folder + "/heard", std::ios::app) << line << std::endl;
    }
    bool heard(const std::string& line) const {
        std::ifstream in(context_.data_folder + "/heard");
        for (std::string one; std::getline(in, one);)
            if (one == line) return true;
        return false;
    }

    Context context_;
    Capabilities can_;
};

}  // namespace
}  // namespace parley::kit

int main(int argc, char** argv) {
    using namespace parley::kit;
    return run_bridge("straw", [](parley::service::Table account, Context context) -> std::unique_ptr<Platform> {
        account.finish();
        return std::make_unique<Straw>(std::move(context));
    }, argc, argv);
}
