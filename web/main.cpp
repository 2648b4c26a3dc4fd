// parley-web: the page, its API and the live rooms. The reactor's thread has the bus; CivetWeb's threads have the
// requests.
#include "broker/bus/house_settings.h"
#include "broker/service/program.h"
#include "web/web.h"

namespace parley {
namespace {

using service::Result;

Result<void> run(const service::Arguments& arguments) {
    auto file = service::SettingsFile::load(arguments.settings_path);
    if (!file) return service::fail(file.error());
    const auto house = bus::read_house(file->root());
    auto settings = web::read_settings(file->root());
    if (auto good = file->good(); !good) return good;
    if (arguments.check) return {};
    return web::serve(house, settings);
}

}  // namespace
}  // namespace parley

int main(int argc, char** argv) {
    const parley::service::Program program{
        "parley-web", "Parley's page, its API and the live rooms", {}, parley::run};
    return parley::service::main_of(program, argc, argv);
}
