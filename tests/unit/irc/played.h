// A session in conversation with a server that the test plays.
#pragma once

#include <gmock/gmock.h>

#include "bridges/irc/session.h"
#include "bridges/irc/wire.h"

namespace parley::irc {

// Writes down what is sent, but for the fences.
class PlayedWire final : public Wire {
public:
    using Wire::send;
    void send(const Line& line, const SentAs& as) override {
        if (line.command == "PING") return fences.push_back(std::string(line.last()));
        lines.push_back(format(line));
        sent_as.push_back(as);
    }
    void close() override {}
    void leave(const std::string&) override {}
    void hold(bool) override {}
    const SentLines& sent() const override { return known; }
    void correct(const SentAs& as) override { corrected.push_back(as); }

    std::vector<std::string> lines, fences;
    std::vector<SentAs> sent_as, corrected;
    SentLines known;
};

class Talk : public ::testing::Test {
protected:
    Talk() {
        settings_.nick = settings_.user = "parley";
        settings_.realname = "Parley";
    }

    void start() {
        session_ = std::make_unique<Session>(settings_, std::vector<std::string>{"#Ops", "#lab"}, now_);
        take(session_->start());
    }
    // What the session sends in answer to a line; other effects are kept.
    std::vector<std::string> hear(std::string_view bytes) {
        sent_.clear();
        take(session_->receive(parse(bytes).value(), now_));
        return sent_;
    }
    std::vector<std::string> tick() {
        sent_.clear();
        take(session_->tick(now_));
        return sent_;
    }
    void up() {
        start();
        hear(":s 001 parley :hi");
        hear(":s 005 parley CASEMAPPING=rfc1459 TARGMAX=JOIN: :are supported");
        hear(":s 376 parley :end");
        hear(":parley!p@h JOIN #ops");
    }
    void take(Effects effects) {
        for (auto& effect : effects) {
            if (auto* send = std::get_if<Send>(&effect)) sent_.push_back(format(send->line));
            if (auto* fail = std::get_if<Fail>(&effect)) failures_.push_back(fail->reason.what);
            if (auto* room = std::get_if<RoomChanged>(&effect)) rooms_.push_back((room->joined ? "+" : "-") + room->room);
            if (auto* heard = std::get_if<Heard>(&effect)) heard_.push_back(heard->event);
            if (auto* answer = std::get_if<Answer>(&effect)) answers_.push_back(answer->line);
        }
    }

    Settings settings_;
    Now now_{};
    std::unique_ptr<Session> session_;
    std::vector<std::string> sent_, failures_, rooms_;
    std::vector<bus::Event> heard_;
    std::vector<Line> answers_;
};

}  // namespace parley::irc
