// What Node-API can't do: move the memory of an ArrayBuffer from one isolate to another, and share a SharedArrayBuffer.
// Bound to one version of V8; where it can't load, the engine copies instead.
//
// A pointer travels as a number (48 bits fit in a double) to the other addon, which keeps it in its table of blocks.
#include <nan.h>

#include <cstdint>
#include <memory>
#include <utility>

namespace {

using Store = std::shared_ptr<v8::BackingStore>;

void release(void* store) { delete static_cast<Store*>(store); }

v8::Local<v8::Value> pointer(v8::Isolate* isolate, void* p) {
  return v8::Number::New(isolate, static_cast<double>(reinterpret_cast<intptr_t>(p)));
}

// detach(buffer: ArrayBuffer): its memory's pointer, the buffer empty; undefined where it can't be detached
NAN_METHOD(detach) {
  if (!info[0]->IsArrayBuffer()) return;
  const auto buffer = info[0].As<v8::ArrayBuffer>();
  if (!buffer->IsDetachable()) return;
  auto* const store = new Store(buffer->GetBackingStore());
  if (buffer->Detach(v8::Local<v8::Value>()).IsNothing()) {
    delete store;
    return;
  }
  info.GetReturnValue().Set(pointer(info.GetIsolate(), store));
}

// share(buffer: SharedArrayBuffer): a pointer that holds its memory
NAN_METHOD(share) {
  if (!info[0]->IsSharedArrayBuffer()) return;
  info.GetReturnValue().Set(
      pointer(info.GetIsolate(), new Store(info[0].As<v8::SharedArrayBuffer>()->GetBackingStore())));
}

// attach(pointer): a buffer over the memory, once
NAN_METHOD(attach) {
  if (!info[0]->IsNumber()) return;
  const auto number = static_cast<intptr_t>(info[0].As<v8::Number>()->Value());
  auto* const held = reinterpret_cast<Store*>(number);
  Store store = std::move(*held);
  delete held;
  if (store->IsShared())
    info.GetReturnValue().Set(v8::SharedArrayBuffer::New(info.GetIsolate(), std::move(store)));
  else
    info.GetReturnValue().Set(v8::ArrayBuffer::New(info.GetIsolate(), std::move(store)));
}

NAN_MODULE_INIT(init) {
  Nan::SetMethod(target, "detach", detach);
  Nan::SetMethod(target, "share", share);
  Nan::SetMethod(target, "attach", attach);
  // What frees a pointer that nobody attaches; this library is never unloaded.
  Nan::Set(target, Nan::New("release").ToLocalChecked(),
           pointer(v8::Isolate::GetCurrent(), reinterpret_cast<void*>(&release)));
}

}  // namespace

NAN_MODULE_WORKER_ENABLED(pulsing_v8, init)
