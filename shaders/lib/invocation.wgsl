// invocation: the index of an invocation in a launch. Workgroups are counted along x, then y, because one dimension
// holds at most 65,535 of them. What z counts depends on the shader.

struct Invocation {
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
}

// The same without the lane, for entry points with barriers or subgroup operations. All lanes must reach those, and the
// compiler assumes that every member of a struct differs between lanes if one of them does.
struct Workgroup {
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
}

// The invocation's index among all invocations of a launch, in workgroups of 64.
fn flat_index(invocation: Invocation) -> u32 {
  return (invocation.group.y * invocation.groups.x + invocation.group.x) * 64u + invocation.lane;
}

fn workgroup_index(group: Workgroup) -> u32 {
  return group.id.y * group.count.x + group.id.x;
}
