#include "tests/faults/soak/page_person.h"

#include <nlohmann/json.hpp>

namespace parley::soak {

using namespace std::chrono_literals;

PagePerson::PagePerson(std::string name, std::string room, const tests::House& house) : Person(std::move(name), std::move(room)), house_(house) { came(); }

bool PagePerson::hear() {
    fenced(fences_wanted());
    pause(10ms);
    return true;
}

void PagePerson::speak(Said what) {
    note(what);
    const auto json = nlohmann::json{{"text", what.text}, {"client_id", what.id}}.dump();
    while (!ends()) {
        if (house_.post("/api/rooms/" + tests::url_encoded(room()) + "/messages", json).status == 201) return showed(what.text);
        pause(50ms);
    }
}

}  // namespace parley::soak
