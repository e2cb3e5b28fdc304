using System.Reflection.Emit;

namespace Dpark.Closures.Analysis;

/// <summary>How many values instructions take from the evaluation stack and put on it.</summary>
internal static class StackEffects
{
    /// <summary>Not for calls and returns, whose signature says it.</summary>
    public static int Pops(OpCode code) => Count(code.StackBehaviourPop);

    /// <summary>Not for calls, whose signature says it.</summary>
    public static int Pushes(OpCode code) => Count(code.StackBehaviourPush);

    private static int Count(StackBehaviour behaviour) => behaviour switch
    {
        StackBehaviour.Pop0 or StackBehaviour.Push0 or StackBehaviour.Varpop or StackBehaviour.Varpush => 0,
        StackBehaviour.Pop1 or StackBehaviour.Popi or StackBehaviour.Popref or StackBehaviour.Push1 or StackBehaviour.Pushi or StackBehaviour.Pushi8 or
            StackBehaviour.Pushr4 or StackBehaviour.Pushr8 or StackBehaviour.Pushref => 1,
        StackBehaviour.Pop1_pop1 or StackBehaviour.Popi_pop1 or StackBehaviour.Popi_popi or StackBehaviour.Popi_popi8 or StackBehaviour.Popi_popr4 or
            StackBehaviour.Popi_popr8 or StackBehaviour.Popref_pop1 or StackBehaviour.Popref_popi or StackBehaviour.Push1_push1 => 2,
        StackBehaviour.Popi_popi_popi or StackBehaviour.Popref_popi_popi or StackBehaviour.Popref_popi_popi8 or StackBehaviour.Popref_popi_popr4 or
            StackBehaviour.Popref_popi_popr8 or StackBehaviour.Popref_popi_popref or StackBehaviour.Popref_popi_pop1 => 3,
        _ => throw new ArgumentOutOfRangeException(nameof(behaviour), behaviour, "No instruction has this."),
    };
}
