# Sourced by run and matrix: runs steps, adds up what they count, and closes with one line on every way out.
passed=0
failed=0
log=$(mktemp)
failures=$(mktemp)

# What a script leaves behind on every way out; it may say more by a function of its own.
tidy() { :; }

close() {
  local status=$?
  tidy
  # Once more, where a reader of the last lines alone finds them.
  cat "$failures"
  rm -f "$log" "$failures"
  # An error of the script itself is a failure too.
  if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  if [ $((passed + failed)) -eq 0 ]; then failed=1; fi
  echo
  echo "$passed passed, $failed failed"
  trap - EXIT
  [ "$failed" -eq 0 ] || exit 1
  exit 0
}
trap close EXIT
trap 'exit 130' INT TERM

# What a log says: its last closing line "N passed, N failed", else the sum of doctest's. Prints nothing if neither.
counts() {
  awk '
    match($0, /^[0-9]+ passed, [0-9]+ failed/) { split($0, n, /[^0-9]+/); ours = n[1] " " n[2] }
    /^\[doctest\] test cases:/ {
      split($0, part, "|"); split(part[2], p, " "); split(part[3], f, " ")
      good += p[1]; bad += f[1]; theirs = 1
    }
    END { if (ours != "") print ours; else if (theirs) print good " " bad }
  ' "$log"
}

# step SECONDS NAME COMMAND...: a step that counts nothing is one check itself. Returns 1 if it failed.
step() {
  local limit=$1 name=$2 status=0 good=0 bad=0 begun=$SECONDS
  shift 2
  echo
  echo "== $name"
  timeout --kill-after=10 "$limit" "$@" </dev/null 2>&1 | tee "$log" || status=${PIPESTATUS[0]}
  read -r good bad < <(counts; echo) || true
  if [ "$status" -eq 124 ]; then echo "$name took longer than $limit s"; fi
  if [ "$status" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then bad=1; fi
  if [ "$status" -eq 0 ] && [ -z "${good:-}" ]; then good=1; fi
  passed=$((passed + ${good:-0}))
  failed=$((failed + ${bad:-0}))
  echo "== $name: $([ "$status" -eq 0 ] && echo well || echo "FAILED ($status)"), $((SECONDS - begun)) s"
  if [ "$status" -ne 0 ]; then
    { echo; echo "== what $name said last (status $status)"; tail -n 100 "$log"; } >>"$failures"
  fi
  [ "$status" -eq 0 ]
}
