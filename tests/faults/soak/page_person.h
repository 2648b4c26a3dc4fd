// A person on the page. As the page itself does, it says a thing again under the same id until it is durable.
#pragma once

#include "tests/faults/soak/person.h"
#include "tests/support/house.h"

namespace parley::soak {

class PagePerson final : public Person {
public:
    PagePerson(std::string name, std::string room, const tests::House& house);
    ~PagePerson() override { stop(); }

private:
    bool hear() override;
    void speak(Said what) override;

    const tests::House& house_;
};

}  // namespace parley::soak
