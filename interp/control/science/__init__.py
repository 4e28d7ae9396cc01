"""Rules for foreign scientific calls, a module a library; `interp.control.foreign` imports each when it is needed."""
