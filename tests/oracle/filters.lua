-- Registers a tap for each display filter among the arguments after the first, and prints its number with each frame
-- that it finds: one run of tshark answers for all of them. The first argument only names this text's version.
-- The tap asks for all fields: without, tshark makes no tree, and len(http) is then that of all that http was given.
for nth, filter in ipairs({ select(2, ...) }) do
  local known, tap = pcall(Listener.new, "frame", filter, true)
  if known then
    function tap.packet(frame) print(nth, frame.number) end
  else
    print(nth, "error", (tostring(tap):gsub("%s+", " ")))
  end
end
