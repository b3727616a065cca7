# What the programs of the AWS CLI have in common: each check prints "ok NAME" or
# "not ok NAME: why".

check() { # NAME, and what must succeed
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then echo "ok $name"; else echo "not ok $name: $(echo "$said" | tr '\n' ' ')"; fi
}

equal() { # WANT, and the command that prints it
  local want=$1 got
  shift
  got=$("$@" 2>&1 | tr '\t\n' '  ' | sed 's/ *$//')
  [ "$got" = "$want" ] || { echo "got '$got', want '$want'"; return 1; }
}

refused() { # CODE, and the command that is answered with it
  local code=$1 said
  shift
  if said=$("$@" 2>&1); then echo "succeeded: $said"; return 1; fi
  [[ $said == *"($code)"* ]] || { echo "$said"; return 1; }
}
