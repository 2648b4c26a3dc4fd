// Opening, locking and making the index; see index.h.
#include "indexer/search/index.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <xapian.h>

#include "broker/service/boot.h"
#include "broker/service/log.h"

namespace parley::search {
namespace {

namespace fs = std::filesystem;

constexpr int format = 2;  // of terms and columns together; another means: build again

std::string first_line(const fs::path& path) {
    std::string line;
    std::ifstream file(path);
    std::getline(file, line);
    return line;
}

// Nothing is synced while a session runs. After a clean end everything is; after a kill the system still has it; after
// a power cut, seen by another boot id, it cannot be trusted.
std::string session_name() { return std::to_string(format) + " " + service::boot_id(); }
const std::string clean = std::to_string(format) + " clean";

bool sound(const fs::path& folder) {
    const auto session = first_line(folder / "session");
    if (session != clean && session != session_name()) return false;
    try {
        const Xapian::Database database((folder / "terms").string());
        return true;
    } catch (const Xapian::Error&) {
        return false;
    }
}

void write_session(const fs::path& folder, const std::string& text) {
    std::ofstream file(folder / "session", std::ios::trunc);
    file << text << "\n";
}

}  // namespace

service::Result<std::unique_ptr<Index>> Index::open(const fs::path& folder) {
    fs::create_directories(folder);
    std::unique_ptr<Index> index(new Index(folder));
    index->lock_ = ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (index->lock_ < 0 || flock(index->lock_, LOCK_EX | LOCK_NB) != 0) {
        return service::fail(service::Code::conflict, "another process has the index in " + folder.string(), "stop parley-indexer first");
    }
    if (!sound(folder)) {
        if (fs::exists(folder / "terms")) service::log::warning("the index is damaged or old, and is built again from the archive", {{"folder", folder.string()}});
        fs::remove_all(folder / "terms");
        fs::remove(folder / "columns");
    }
    write_session(folder, session_name());
    index->columns_ = std::make_unique<Columns>(folder / "columns");
    return index;
}

Index::~Index() {
    try {
        if (columns_) {
            columns_->sync();
            sync();  // Xapian wrote with DB_NO_SYNC
            write_session(folder_, clean);
        }
    } catch (const std::exception& error) {  // Not clean, then: the next start looks closer.
        service::log::error("the index is not closed well", {{"why", error.what()}});
    }
    if (lock_ >= 0) close(lock_);
}

std::uint64_t Index::used_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
        if (entry.is_regular_file()) bytes += entry.file_size();
    }
    return bytes;
}

void catch_up(Writer& writer, const archive::Archive& archive, const Progress& progress) {
    const archive::View view(archive);
    const auto last = view.last_sequence();
    std::uint64_t done = 0;
    view.each(writer.committed(), [&](const bus::Event& event) {
        writer.take(view, event);
        if (progress && ++done % 1000 == 0) progress(event.sequence, last);
        return true;
    });
    writer.commit();
    if (progress) progress(last, last);
}

void compact(Index& index) {
    const auto small = index.terms_folder().string() + ".small";
    fs::remove_all(small);
    try {
        Xapian::Database(index.terms_folder().string()).compact(small, Xapian::DBCOMPACT_NO_RENUMBER | Xapian::Compactor::FULL);
    } catch (const Xapian::Error& error) {
        throw std::runtime_error("the index cannot be compacted: " + error.get_description());
    }
    fs::remove_all(index.terms_folder());
    fs::rename(small, index.terms_folder());
}

}  // namespace parley::search
