#include "loop.h"

#ifndef _WIN32
#include <poll.h>
#endif

#include <thread>
#include <utility>

namespace pulsing {

using std::chrono::microseconds;

namespace {
// Measured on ask-host and pingpong-cross; see docs/performance.md.
constexpr microseconds kTurnTime{1000};      // in the check phase, before timers and sockets get their turn
constexpr microseconds kSpinInTurn{20};      // between two batches of a turn
constexpr microseconds kSpinBeforeSleep{40};
constexpr microseconds kYieldEvery{6};
constexpr microseconds kBusyLately{500};     // only a thread that worked lately spins before it sleeps

uv_handle_t* handle(auto* h) { return reinterpret_cast<uv_handle_t*>(h); }
}  // namespace

Loop::Loop(napi_env env, std::shared_ptr<Engine> engine, uint32_t slot)
    : env_(env), engine_(std::move(engine)), slot_(engine_->slot(slot)), host_(slot == 0) {}

Loop* Loop::start(napi_env env, std::shared_ptr<Engine> engine, uint32_t slot, napi_value run) {
  auto* const loop = new Loop(env, std::move(engine), slot);
  if (loop->begin(run)) return loop;
  delete loop;
  return nullptr;
}

bool Loop::begin(napi_value run) {
  if (!engine_->attach(slot_.id(), this)) return false;
  napi_create_reference(env_, run, 1, &run_);
  napi_get_uv_event_loop(env_, &loop_);
  uv_async_init(loop_, &async_, [](uv_async_t*) {});  // the poll ends, and on_check looks
  uv_prepare_init(loop_, &prepare_);
  uv_check_init(loop_, &check_);
  uv_idle_init(loop_, &idle_);
  open_handles_ = 4;
  async_.data = prepare_.data = check_.data = idle_.data = this;
  for (uv_handle_t* const h : {handle(&prepare_), handle(&check_), handle(&idle_)}) uv_unref(h);
  // An engine thread lives until it is told to end; a host only as long as something is under way.
  if (host_) uv_unref(handle(&async_));
  polled_ms_ = uv_hrtime() / 1'000'000;
  uv_prepare_start(&prepare_, [](uv_prepare_t* h) { static_cast<Loop*>(h->data)->on_prepare(); });
  uv_check_start(&check_, [](uv_check_t* h) { static_cast<Loop*>(h->data)->on_check(); });
  running_ = true;
  use();  // the handles'
  napi_add_async_cleanup_hook(
      env_, [](napi_async_cleanup_hook_handle, void* data) { static_cast<Loop*>(data)->stop(); }, this, &hook_);
  return true;
}

void Loop::stop() {
  if (!running_) return;
  running_ = false;
  engine_->detach(slot_.id(), false);
  napi_delete_reference(env_, run_);  // it holds all of the thread's JavaScript
  const uv_close_cb done = [](uv_handle_t* h) { static_cast<Loop*>(h->data)->closed(); };
  for (uv_handle_t* const h : {handle(&async_), handle(&prepare_), handle(&check_), handle(&idle_)}) uv_close(h, done);
}

void Loop::closed() {
  if (--open_handles_ != 0) return;
  napi_remove_async_cleanup_hook(hook_);
  unuse();
}

void Loop::unuse() {
  if (--uses_ == 0) delete this;
}

void Loop::ref() {
  if (referenced_ || !running_ || !host_) return;
  referenced_ = true;
  slot_.control()[kReferenced] = 1;
  uv_ref(handle(&async_));
}

void Loop::unref() {
  if (!referenced_) return;
  referenced_ = false;
  slot_.control()[kReferenced] = 0;
  uv_unref(handle(&async_));
}

uint32_t Loop::drain(uint32_t most) {
  if (Clock::now() - turn_ > kTurnTime) slot_.control()[kYield] = 1;
  return slot_.drain(most);
}

bool Loop::alive_without_us() {
  // Closing handles count too, which is right: their callbacks are still to come.
  uv_unref(handle(&async_));
  const bool alive = uv_loop_alive(loop_) != 0;
  uv_ref(handle(&async_));
  return alive;
}

bool Loop::something_came() const {
#ifdef _WIN32
  return false;
#else
  pollfd of_loop{uv_backend_fd(loop_), POLLIN, 0};
  return poll(&of_loop, 1, 0) > 0 && (of_loop.revents & POLLIN) != 0;
#endif
}

bool Loop::spin(SpinGain (&gains)[2], Clock::duration how_long) {
  if (engine_->crowded()) return false;
  // Whoever was sent something may answer soon; where nothing was sent, others have to come by themselves.
  SpinGain& gain = gains[slot_.batches() != batches_ ? 1 : 0];
  if (!gain.worth()) return false;
  // It may be to wake on this core.
  if (slot_.take_roused()) std::this_thread::yield();
  const bool paid = spin(how_long);
  gain.spun(paid);
  return paid;
}

bool Loop::spin(Clock::duration how_long) const {
  const auto start = Clock::now();
  auto yielded = start;
  for (;;) {
    for (int i = 0; i < 8; ++i) {
      if (slot_.has_work()) return true;
      Threads::pause();
    }
    if (engine_->crowded()) return false;
    const auto now = Clock::now();
    if (now - start >= how_long) return false;
    // Where another process wants the core, this gives it: our partner may be what waits for it. Seldom, since on an
    // idle machine it costs more than the answer that we wait for.
    if (now - yielded >= kYieldEvery) {
      if (something_came()) return false;
      std::this_thread::yield();
      yielded = Clock::now();
    }
  }
}

void Loop::count_turn() {
  // What was ready waited so long for its turn: since the poll returned, or since this turn's timers where that is later.
  const auto took = static_cast<uint32_t>(uv_hrtime() / 1'000'000 - polled_ms_);
  volatile int32_t* const control = slot_.control();
  if (took > static_cast<uint32_t>(control[kLongestTurn])) control[kLongestTurn] = static_cast<int32_t>(took);
  const uint32_t word = kTurns + turn_bucket(took);
  control[word] = control[word] + 1;
}

void Loop::on_prepare() {
  rest();
  batches_ = slot_.batches();
}

void Loop::rest() {
  slot_.control()[kTurn] = slot_.control()[kTurn] + 1;
  count_turn();
  if (polling_) uv_idle_stop(&idle_);
  polling_ = false;
  if (slot_.has_work()) return poll_soon();
  const bool under_way = slot_.control()[kUnderWay] != 0;
  if (host_) {
    if (under_way || engine_->busy() != 0)
      ref();
    else
      unref();
  }
  if (uv_backend_timeout(loop_) == 0) return;  // the poll does not block: immediates, or nothing left to live for
  if (Clock::now() - worked_ < kBusyLately && spin(before_sleep_, kSpinBeforeSleep)) return poll_soon();
  if (!engine_->sleep(slot_, host_ || under_way || alive_without_us() ? Rest::kBusy : Rest::kIdle)) return poll_soon();
  // What ended before the sleep told nobody; what ends after it wakes us.
  if (host_ && referenced_ && !under_way && engine_->busy() == 0) {
    engine_->woke(slot_, slot_.parker().wake());
    poll_soon();
  }
}

void Loop::poll_soon() {
  uv_idle_start(&idle_, [](uv_idle_t*) {});
  polling_ = true;
}

void Loop::on_check() {
  polled_ms_ = uv_now(loop_);
  if (slot_.parker().state() != Rest::kAwake) engine_->woke(slot_, slot_.parker().wake());
  if (!slot_.has_work()) return;
  turn_ = Clock::now();
  slot_.control()[kYield] = 0;
  do {
    if (!call() || !running_) return;
    worked_ = Clock::now();
    if (worked_ - turn_ > kTurnTime) return;
  } while (slot_.has_work() || spin(in_turn_, kSpinInTurn));
}

bool Loop::call() {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return false;
  napi_value run, global, result;
  napi_get_reference_value(env_, run_, &run);
  napi_get_global(env_, &global);
  const napi_status status = napi_make_callback(env_, nullptr, global, run, 0, nullptr, &result);
  if (status == napi_pending_exception) {
    // Left pending, it would block every later call; this way it is an uncaught exception like any other.
    napi_value error;
    if (napi_get_and_clear_last_exception(env_, &error) == napi_ok) napi_fatal_exception(env_, error);
  }
  napi_close_handle_scope(env_, scope);
  return status == napi_ok;
}

}  // namespace pulsing
