using System.Reflection;
using System.Reflection.Emit;
using Dpark.Closures.Analysis;

namespace Dpark.Tests.Closures;

/// <summary>What instructions take and put is what the names of their behaviours say.</summary>
public sealed class StackEffectsTests
{
    [Fact]
    public void PopsAndPushes_EveryInstruction_AreAsManyAsItsNamesSay()
    {
        var codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!).ToArray();

        Assert.True(codes.Length > 200);
        Assert.All(codes, code => Assert.Equal(Named(code.StackBehaviourPop), StackEffects.Pops(code)));
        Assert.All(codes, code => Assert.Equal(Named(code.StackBehaviourPush), StackEffects.Pushes(code)));
    }

    // Popref_popi_pop1 takes three. Two names are those of one value, as Pop1 and Varpop are not.
    private static int Named(StackBehaviour behaviour) => behaviour.ToString() switch
    {
        "Pop0" or "Push0" or "Varpop" or "Varpush" => 0,
        var name => name.Split('_').Length,
    };
}
