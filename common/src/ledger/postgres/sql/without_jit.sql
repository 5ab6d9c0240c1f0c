-- without_jit: compiles nothing until the end of this transaction. Looking up ten thousand devices one by one looks expensive
-- enough to the planner to compile for longer than it takes (PostgreSQL manual, "When to JIT?").
SELECT set_config('jit', 'off', true)
