-- Registers a tap for each display filter among the arguments after the first, and prints its number with each frame
-- that it matches: one run of tshark serves all of them. The first argument only names this text's version.
-- The tap requests all fields: without them tshark builds no tree, and len(http) is that of all bytes passed to http.
for nth, filter in ipairs({ select(2, ...) }) do
  local known, tap = pcall(Listener.new, "frame", filter, true)
  if known then
    function tap.packet(frame) print(nth, frame.number) end
  else
    print(nth, "error", (tostring(tap):gsub("%s+", " ")))
  end
end
