using System.Reflection.Emit;
using System.Reflection;
using Dpark.Rdds;

namespace Dpark.Tests.Rdds;

public sealed class BatchArraysTests
{
    [Fact]
    public void Return_ArrayOfReferences_KeepsNoneOfThem()
    {
        var array = BatchArrays.Rent<string>(100);
        Array.Fill(array, "kept");
        var returned = array;

        BatchArrays.Return(ref array);

        Assert.Empty(array);
        Assert.All(returned, Assert.Null);
    }

    [Fact]
    public void Return_Twice_ReturnsOnce()
    {
        var array = BatchArrays.Rent<long>(1_000);
        BatchArrays.Return(ref array);

        BatchArrays.Return(ref array);

        var (one, other) = (BatchArrays.Rent<long>(1_000), BatchArrays.Rent<long>(1_000));
        Assert.NotSame(one, other);
        BatchArrays.Return(ref one);
        BatchArrays.Return(ref other);
    }

    [Fact]
    public void Rent_Returned_IsHandedOutAgain()
    {
        var array = BatchArrays.Rent<(long, short)>(1_000);
        var returned = array;
        BatchArrays.Return(ref array);

        var again = BatchArrays.Rent<(long, short)>(1_000);

        Assert.Same(returned, again);
        BatchArrays.Return(ref again);
    }

    /// <summary>What an application brought along can be forgotten when it ends only if no array of its types stays with a thread.</summary>
    [Fact]
    public void Return_TypeOfCodeThatCanBeUnloaded_IsNotKept()
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Dpark.Tests.Unloadable"), AssemblyBuilderAccess.RunAndCollect);
        var type = assembly.DefineDynamicModule("Main").DefineType("Record", TypeAttributes.Public).CreateType();
        var method = typeof(BatchArraysTests).GetMethod(nameof(IsHandedOutAgain), BindingFlags.Static | BindingFlags.NonPublic)!;

        Assert.Equal(false, method.MakeGenericMethod(type).Invoke(null, []));
        Assert.Equal(true, method.MakeGenericMethod(typeof(BatchArraysTests)).Invoke(null, []));
    }

    [Fact]
    public void Rent_Nothing_IsEmpty()
    {
        var array = BatchArrays.Rent<int>(0);
        Assert.Empty(array);
        BatchArrays.Return(ref array);
    }

    private static bool IsHandedOutAgain<T>()
    {
        var array = BatchArrays.Rent<T>(100);
        var returned = array;
        BatchArrays.Return(ref array);
        return ReferenceEquals(BatchArrays.Rent<T>(100), returned);
    }
}
