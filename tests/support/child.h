// A real process under test: started, killed, stopped, waited for. It never outlives the test program.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lifesign::tests {

class Child {
 public:
  // What a program is given beside its arguments.
  struct Surroundings {
    std::map<std::string, std::string> environment = {};  // besides our own
    unsigned open_files = 0;                              // its limit of them, for good; 0 leaves ours
  };
  // `program` by path. Its output goes to `log`, which tests print when they fail.
  Child(const std::string& program, const std::vector<std::string>& args, std::string log,
        const Surroundings& surroundings);
  Child(const std::string& program, const std::vector<std::string>& args, std::string log)
      : Child(program, args, std::move(log), Surroundings()) {}
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();  // SIGKILL, and waits

  pid_t pid() const { return pid_; }
  void signal(int number) const;  // does not wait
  void kill();                    // SIGKILL, and waits
  int stop();                     // SIGTERM, waits, and gives the exit code (128 + n if signal n ended it)
  int wait();
  bool running();  // reaps it if it ended
  std::string output() const;

  // As the kernel sees it now.
  std::uint64_t resident_bytes() const;
  std::chrono::milliseconds cpu_time() const;
  std::size_t open_files() const;

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  std::string log_;
};

}  // namespace lifesign::tests
