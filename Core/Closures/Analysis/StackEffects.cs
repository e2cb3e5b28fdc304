using System.Collections.Frozen;
using System.Reflection.Emit;

namespace Dpark.Closures.Analysis;

/// <summary>How many values instructions take from the evaluation stack and put on it.</summary>
internal static class StackEffects
{
    // The names say it: Popref_popi_pop1 takes three.
    private static readonly FrozenDictionary<StackBehaviour, int> Counts = Enum.GetValues<StackBehaviour>().Distinct().ToFrozenDictionary(behaviour => behaviour, Count);

    /// <summary>Not for calls and returns, whose signature says it.</summary>
    public static int Pops(OpCode code) => Counts[code.StackBehaviourPop];

    /// <summary>Not for calls, whose signature says it.</summary>
    public static int Pushes(OpCode code) => Counts[code.StackBehaviourPush];

    private static int Count(StackBehaviour behaviour) =>
        behaviour is StackBehaviour.Pop0 or StackBehaviour.Push0 or StackBehaviour.Varpop or StackBehaviour.Varpush ? 0 : behaviour.ToString().Split('_').Length;
}
